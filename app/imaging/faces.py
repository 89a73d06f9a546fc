"""Heads: slices through a face, or a surface reconstructed from many of them, can show who a person is.

The rule, on what an import keeps of its files: images whose body part lies in or around the head, of any modality that
images the body's shape in slices, are pointed out; so are sets without a body part in which one patient has at least
twenty CT or MR images, as a volume of a head would. Nothing looks for a face in the pixels.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

HEAD_PARTS = frozenset(
    [
        "BRAIN",
        "CEREBELLUM",
        "EAR",
        "EYE",
        "HEAD",
        "HEADNECK",
        "JAW",
        "MOUTH",
        "ORBIT",
        "PAROTID",
        "SCALP",
        "SKULL",
        "TMJ",
        "TONGUE",
        "WHOLEBODY",
    ]
)
SLICES_OF_A_VOLUME = 20
_OTHER_SHAPES = frozenset(["ECG", "ES", "GM", "IVOCT", "IVUS", "SM", "US", "XC"])
_IN_SLICES = frozenset(["CT", "MR"])


def pointed_out(
    images: Iterable[tuple[Mapping[str, object], int | None]],
) -> Literal["head", "perhaps"] | None:
    """What to say of a set's images, each its facts and its patient's group: heads, perhaps heads, or nothing."""
    unnamed: dict[int | None, int] = {}
    for facts, group in images:
        part, modality = facts.get("body_part"), facts.get("modality")
        if part in HEAD_PARTS and modality not in _OTHER_SHAPES:
            return "head"
        if part is None and modality in _IN_SLICES:
            unnamed[group] = unnamed.get(group, 0) + 1
    return "perhaps" if max(unnamed.values(), default=0) >= SLICES_OF_A_VOLUME else None
