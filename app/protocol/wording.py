"""What readers are told unless a researcher writes it otherwise, and the words that would name a hidden purpose."""

import re

from app.words.sentence import N_, Sentence

INSTRUCTIONS = N_(
    "You will see medical images one after another. Some were taken from patients, some were made by a computer. "
    "Say for each whether you think it is real or synthetic, and how real it looks to you on a scale from 1 to 5. "
    "There is no time limit for your answers, and you can stop and come back with the same link."
)
LIKERT_INSTRUCTIONS = N_(
    "You will see medical images one after another. Some were taken from patients, some were made by a computer. "
    "Say for each how real it looks to you on a scale from 1 to 5. "
    "There is no time limit for your answers, and you can stop and come back with the same link."
)
PAIR_INSTRUCTIONS = N_(
    "You will see medical images two at a time. In each pair one was taken from a patient, and one was made by a computer. "
    "Say which is the real one, and how sure you are on a scale from 1 to 5. "
    "There is no time limit for your answers, and you can stop and come back with the same link."
)
LIKERT_QUESTION = N_("How real does it look to you?")
SURE_QUESTION = N_("How sure are you?")
CUES = (N_("texture"), N_("anatomy"), N_("border"))
ANY_MIX = N_("The images may be mixed in any proportion.")
LIMITED = N_("Each image is shown for a short time only; your answer may take longer.")
ONE_OF_EACH = N_("In each pair one image is real and one is synthetic, in either place.")
_PURPOSE = re.compile(
    r"\b(un)?(real(ness|istic|ism|e[nrs]?)?|echt\w*)\b"
    r"|\b(synthe[ts]i[csz]\w*|artificial\w*|generat(ed|ive|or|ors)|deep ?fakes?|fake[ds]?|genuine\w*|authentic\w*|forged|simulated"
    r"|gans?|style ?gan\w*|made by (a )?computers?"
    r"|synthetisch\w*|künstlich\w*|generiert\w*|gefälscht\w*|fälschung\w*|realistisch\w*"
    r"|réel\w*|réalis\w*|réalité|synthétique\w*|artificiel\w*|authentique\w*|généré\w*|ordinateur"
    r"|sintétic\w*|artificiales|auténtic\w*|generad[ao]s?|fals[ao]s?|ordenador|realistas?)\b"
    r"|実画像|本物|偽|合成|人工|生成|コンピュータ|リアル|真实|真伪|真假|虚假|伪造|计算机|电脑|人造",  # written without spaces between words
    re.IGNORECASE,
)
_METHOD = re.compile(r"style ?gan\w*|\bgans?\b", re.IGNORECASE)
_LETTERS = re.compile(r"\b(AI|KI|IA)\b")  # small letters are other words: “j’ai”


def names_purpose(text: str) -> str:
    """The first word that says that some images are not real; empty where there is none."""
    found = _PURPOSE.search(text) or _LETTERS.search(text)
    return found.group() if found else ""


def names_method(text: str) -> str:
    """The first word that names the method by which images were made; empty where there is none."""
    found = _METHOD.search(text)
    return found.group() if found else ""


def proportion(n_real: int, n_synthetic: int) -> Sentence:
    """The sentence for protocols that tell the mix."""
    return N_(
        "{real} of the {images} images are real and {synthetic} are synthetic.",
        real=n_real,
        images=n_real + n_synthetic,
        synthetic=n_synthetic,
    )
