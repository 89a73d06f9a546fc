"""What readers are told unless a researcher writes it otherwise, and the words that would name a hidden purpose."""

import re

INSTRUCTIONS = (
    "You will see medical images one after another. Some were taken from patients, some were made by a computer. "
    "Say for each whether you think it is real or synthetic, and how real it looks to you on a scale from 1 to 5. "
    "There is no time limit, and you can stop and come back with the same link."
)
PAIR_INSTRUCTIONS = (
    "You will see medical images two at a time. In each pair one was taken from a patient, and one was made by a computer. "
    "Say which is the real one, and how sure you are on a scale from 1 to 5. "
    "There is no time limit, and you can stop and come back with the same link."
)
LIKERT_QUESTION = "How real does it look to you?"
SURE_QUESTION = "How sure are you?"
CUES = ("texture", "anatomy", "border")
ANY_MIX = "The images may be mixed in any proportion."
ONE_OF_EACH = "In each pair one image is real and one is synthetic, in either place."
_PURPOSE = re.compile(
    r"\b(real(ness|istic|ism)?|synthetic|artificial(ly)?|generated|computer|fake[ds]?|genuine|authentic|ai|gans?|style ?gan\w*"
    r"|echt\w*|synthetisch\w*|künstlich\w*|réel\w*|synthétique\w*|sintétic\w*)\b",
    re.IGNORECASE,
)


def names_purpose(text: str) -> str:
    """The first word that says that some images are not real; empty where there is none."""
    found = _PURPOSE.search(text)
    return found.group() if found else ""


def proportion(n_real: int, n_synthetic: int) -> str:
    """The sentence for protocols that tell the mix."""
    return f"{n_real} of the {n_real + n_synthetic} images are real and {n_synthetic} are synthetic."
