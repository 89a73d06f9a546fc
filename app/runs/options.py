"""What a run was started with, out of training_options.json; only what describes a study, no path of anybody's machine."""

import json
import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

from app.errors import InvalidError
from app.runs import lines

_GROUPS = (  # StyleGAN2-ADA's names for sets of augmentations (Karras et al. 2020, section 3), by an option of each
    ("b", "xint"),
    ("g", "scale"),
    ("c", "brightness"),
    ("f", "imgfilter"),
    ("n", "noise"),
    ("c", "cutout"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """A run's facts; None where nobody says. `pretraining` is the name of the file it went on from, empty for none.

    No run tells how many `patients` its images are of: that is for people to say.
    """

    resolution: int | None = None
    images: int | None = None
    patients: int | None = None
    mirrored: bool | None = None
    batch: int | None = None
    kimg: float | None = None
    gamma: float | None = None
    augmentation: str = ""
    pretraining: str = ""
    gpus: int | None = None


def read(text: str) -> Options:
    """Raises InvalidError where the text is no JSON object."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError("training_options.json is no JSON.") from error
    if not isinstance(given, dict):
        raise InvalidError("training_options.json holds no options.")
    data, loss = _inner(given, "training_set_kwargs"), _inner(given, "loss_kwargs")
    mirrored = data.get("xflip")
    return Options(
        resolution=_whole(data.get("resolution")),
        images=_whole(data.get("max_size")),
        mirrored=mirrored if isinstance(mirrored, bool) else None,
        batch=_whole(given.get("batch_size")),
        kimg=_finite(given.get("total_kimg")),
        gamma=_finite(loss.get("r1_gamma")),
        augmentation=_augmentation(given),
        pretraining=_file_name(given.get("resume_pkl")),
        gpus=_whole(given.get("num_gpus")),
    )


def _augmentation(given: dict[str, Any]) -> str:
    """Such as “ADA 0.6, bgc”, “fixed 0.2, bg” or “none”; empty where the run says nothing."""
    target, fixed = _finite(given.get("ada_target")), _finite(given.get("augment_p"))
    kinds = _inner(given, "augment_kwargs")
    names = "".join(letter for letter, option in _GROUPS if lines.number(kinds.get(option)))
    if target is not None:
        how = f"ADA {target:g}"
    elif fixed is not None:
        how = f"fixed {fixed:g}"
    elif "augment_kwargs" in given or "training_set_kwargs" in given:
        return "none"
    else:
        return ""
    return f"{how}, {names}" if names else how


def _inner(given: dict[str, Any], name: str) -> dict[str, Any]:
    found = given.get(name)
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None


def _finite(value: object) -> float | None:
    found = lines.number(value)
    return found if found is not None and isfinite(found) else None


def _file_name(value: object) -> str:
    """The last part of a path or address: the folders before it tell about a machine, not about the study."""
    if not isinstance(value, str):
        return ""
    name = re.split(r"[\\/]", value.split("?")[0].strip())[-1]
    return name[:120] if name.isprintable() else ""
