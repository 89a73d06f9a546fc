"""What can go wrong with a network or its files, each as one sentence that a researcher understands."""


class CheckpointRefused(Exception):  # noqa: N818 - the word of the design: a file is refused, nothing has failed
    """A checkpoint that is not read: `str(error)` is the sentence for the user."""


class TrainingRefused(Exception):  # noqa: N818 - likewise: nothing was started, nothing was lost
    """A training run that cannot start or go on: `str(error)` is the sentence for the user."""
