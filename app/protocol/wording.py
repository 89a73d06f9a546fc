"""What readers are told unless a researcher writes it otherwise."""

INSTRUCTIONS = (
    "You will see medical images one after another. Some were taken from patients, some were made by a computer. "
    "Say for each whether you think it is real or synthetic, and how real it looks to you on a scale from 1 to 5. "
    "There is no time limit, and you can stop and come back with the same link."
)
ANY_MIX = "The images may be mixed in any proportion."


def proportion(n_real: int, n_synthetic: int) -> str:
    """The sentence for protocols that tell the mix."""
    return f"{n_real} of the {n_real + n_synthetic} images are real and {n_synthetic} are synthetic."


def told(instructions: str, n_real: int, n_items: int, *, disclose_ratio: bool) -> list[str]:
    """The sentences about the task: the instructions, and the mix as far as the protocol tells it."""
    return [instructions, proportion(n_real, n_items - n_real) if disclose_ratio else ANY_MIX]
