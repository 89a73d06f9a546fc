"""What people say about a run, beside what its folder tells: what they say counts, and what differs is shown."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import isfinite

from app.errors import InvalidError
from app.runs.options import Options
from app.typed import whole_number

Facts = Mapping[str, object]
WORDS = {
    "images": "Images",
    "patients": "Patients",
    "pretraining": "Pretraining",
    "augmentation": "Augmentation",
    "resolution": "Resolution",
    "gamma": "R1 gamma",
    "batch": "Batch",
    "kimg": "Length in kimg",
    "mirrored": "Mirrored",
}
NOTES = "notes"
FIELDS = (*WORDS, NOTES)
LONGEST, LONGEST_NOTES = 120, 2000
_WHOLE = ("images", "patients", "resolution", "batch")
_NUMBERS = ("gamma", "kimg")
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact in words: what counts, what the run's folder tells, what was typed; empty where nobody says.

    `differs` where both say something, and not the same.
    """

    name: str
    label: str
    value: str
    told: str
    typed: str

    @property
    def differs(self) -> bool:
        return bool(self.told and self.typed and self.told != self.typed)


def parse(texts: Mapping[str, str]) -> dict[str, object]:
    """Facts as they are typed into a form, without those that are left empty; raises InvalidError."""
    found = {name: _parsed(name, texts[name].strip()) for name in FIELDS if texts.get(name, "").strip()}
    return {name: value for name, value in found.items() if value is not None}


def known(told: Options, typed: Facts) -> Options:
    """What is known of a run: what was typed, else what its folder tells."""
    return replace(told, **{name: value for name, value in typed.items() if name in WORDS})  # type: ignore[arg-type]  # parsed above


def table(told: Options, typed: Facts) -> list[Fact]:
    """All facts in words."""
    run, both = asdict(told), asdict(known(told, typed))
    return [
        Fact(name, label, said(both[name]), said(run[name]), said(typed.get(name)))
        for name, label in WORDS.items()
    ]


def said(value: object) -> str:
    """A value as a form shows and takes it; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _parsed(name: str, text: str) -> object:
    if name in _WHOLE:
        return _whole(name, text)
    if name in _NUMBERS:
        return _number(name, text)
    if name == "mirrored":
        if text not in _YES_NO:
            raise InvalidError("Mirrored is yes, no, or left empty where it is not known.")
        return _YES_NO[text]
    if name == NOTES:
        return _text(text.replace("\r\n", "\n"), "The notes", LONGEST_NOTES, {"\n", "\t"})
    return _text(re.sub(r"\s+", " ", text), WORDS[name], LONGEST, set())


def _whole(name: str, text: str) -> int:
    found = whole_number(text, 1, 2**31 - 1)
    if found is None:
        raise InvalidError(f"{WORDS[name]} is a whole number from 1, such as 256, not “{text[:40]}”.")
    return found


def _number(name: str, text: str) -> float:
    plain = text.replace(",", ".")
    found = float(plain) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", plain) else -1.0
    if not isfinite(found) or found < 0:
        raise InvalidError(f"{WORDS[name]} is a number from 0, such as 6.5, not “{text[:40]}”.")
    return found


def _text(text: str, label: str, longest: int, allowed: set[str]) -> str:
    if len(text) > longest:
        raise InvalidError(f"{label} may have {longest} characters at most; this has {len(text)}.")
    if not all(letter.isprintable() or letter in allowed for letter in text):
        raise InvalidError(f"{label} cannot hold control characters.")
    return text
