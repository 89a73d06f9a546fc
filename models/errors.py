"""What can go wrong with a network or its files, each as one sentence that a researcher understands."""


class Refusal(Exception):  # noqa: N818 - the word of the design: something is refused, nothing has failed
    """What those below have in common: `str(error)` is the sentence for the user."""


class CheckpointRefused(Refusal):
    """A checkpoint that is not read."""


class SamplingRefused(Refusal):
    """Settings, or a device, that images cannot be sampled with."""


class TrainingRefused(Refusal):
    """A training run that cannot start or go on: nothing was started, nothing was lost."""


class FeaturesRefused(Refusal):
    """A network, or images, that no features come from."""
