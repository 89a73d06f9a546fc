"""Readers whose code begins with “simulated-” are programs: whatever is made of their answers says so."""

import re
from collections.abc import Iterable

PREFIX = "simulated-"
_CAPTION = re.compile(r"\\caption\{")


def count(readers: Iterable[str]) -> int:
    """How many of these codes are of simulated readers."""
    return sum(code.lower().startswith(PREFIX) for code in readers)


def sentence(simulated: int, readers: int) -> str:
    """What stands before everything else; empty where people answered."""
    if not simulated:
        return ""
    who = "The readers are" if simulated == readers else f"{simulated} of {readers} readers are"
    return (
        f"{who} simulated: programs gave these answers, and they say nothing about how people see the images."
    )


def label(simulated: int) -> str:
    """What stands on figures and in tables; empty where people answered."""
    return "Simulated readers" if simulated else ""


def stamped(latex: str, simulated: int) -> str:
    """Tables whose captions begin with the label."""
    return _CAPTION.sub(rf"\\caption{{{label(simulated)}. ", latex) if simulated else latex
