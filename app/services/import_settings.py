"""An import's settings as people give them: the texts of a form or of the command line."""

import re
from collections.abc import Mapping

from app.errors import InvalidError
from app.imaging import geometry, presets
from app.imaging.geometry import Geometry
from app.imaging.settings import ImportSettings, Selection
from app.imaging.volumes import VIEWS, Cut
from app.imaging.window import Window
from app.typed import whole_number

CUSTOM = "custom"
FIELDS = (
    "window",
    "window_center",
    "window_width",
    "size",
    "rotate",
    "flip",
    "square",
    "side",
    "axis",
    "first",
    "last",
    "every",
    "min_share",
    "threshold",
    "per_patient",
)
"""The names of the form's fields; empty texts and missing ones mean the default."""


def parse(texts: Mapping[str, str]) -> ImportSettings:
    """The settings; raises InvalidError with what to change. `by_mask` is no text: masks are files."""
    said = {name: texts.get(name, "").strip() for name in FIELDS}
    window_name, window = _window(said)
    first, last = _whole(said, "first", 1, 100_000), _whole(said, "last", 1, 100_000)
    if first and last and first > last:
        raise InvalidError("The last slice comes before the first.")
    return ImportSettings(
        window=window,
        window_name=window_name,
        size=_whole(said, "size", 16, 2048),
        geometry=Geometry(
            rotate=int(_one_of(said, "rotate", tuple(str(each) for each in geometry.ROTATIONS))),
            flip=_one_of(said, "flip", geometry.FLIPS),
            square=_one_of(said, "square", geometry.SQUARES),
            side=_whole(said, "side", 16, 4096),
        ),
        cut=Cut(
            axis=_one_of(said, "axis", tuple(VIEWS)),
            first=first,
            last=last,
            every=_whole(said, "every", 1, 10_000) or 1,
        ),
        selection=Selection(
            min_share=_share(said["min_share"]),
            threshold=_grey_level(said),
            per_patient=_whole(said, "per_patient", 1, 100_000),
        ),
    )


_NAMES = {
    "size": "size",
    "side": "side of the cut",
    "first": "first slice",
    "last": "last slice",
    "every": "step between slices",
    "threshold": "threshold",
    "per_patient": "number of slices a patient",
    "rotate": "rotation",
    "flip": "flip",
    "square": "way to a square",
    "axis": "direction of slices",
}


def _window(said: Mapping[str, str]) -> tuple[str, Window | None]:
    name, typed = said["window"].lower(), bool(said["window_center"] or said["window_width"])
    if name in ("", CUSTOM):
        if not typed and name == CUSTOM:
            raise InvalidError("Give the window centre and the window width, or choose a named window.")
        return "", Window.parse(said["window_center"], said["window_width"]) if typed else None
    if name not in presets.NAMES:
        raise InvalidError(f"There is no window “{name[:40]}”; there are {', '.join(presets.NAMES)}.")
    if typed:
        raise InvalidError("Choose a named window, or give window centre and width, not both.")
    return name, presets.HOUNSFIELD.get(name)


def _whole(said: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = said[name]
    if not text:
        return None
    number = whole_number(text, low, high)
    if number is None:
        unit = " of pixels" if name in ("size", "side") else ""
        raise InvalidError(
            f"The {_NAMES[name]} is a whole number{unit} from {low} to {high}, not “{text[:40]}”."
        )
    return number


def _grey_level(said: Mapping[str, str]) -> int:
    level = _whole(said, "threshold", 0, 254)
    return Selection().threshold if level is None else level


def _one_of(said: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    """One of the known texts, the first of them where nothing is said."""
    text = said[name].lower() or known[0]
    if text not in known:
        raise InvalidError(f"The {_NAMES[name]} is one of {', '.join(known)}, not “{text[:40]}”.")
    return text


def _share(text: str) -> float | None:
    """A share from a percentage."""
    if not text:
        return None
    plain = text.removesuffix("%").strip().replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", plain) or float(plain) > 100:
        raise InvalidError(f"The least share of foreground is a percentage from 0 to 100, not “{text[:40]}”.")
    return float(plain) / 100


def texts_of(settings: ImportSettings) -> dict[str, str]:
    """The texts of a form that was filled with these settings."""
    window = None if settings.window_name else settings.window
    arranged, cut, selection = settings.geometry, settings.cut, settings.selection
    return {
        "window": settings.window_name or (CUSTOM if window else ""),
        "window_center": f"{window.center:g}" if window else "",
        "window_width": f"{window.width:g}" if window else "",
        "size": _text(settings.size),
        "rotate": str(arranged.rotate),
        "flip": arranged.flip,
        "square": arranged.square,
        "side": _text(arranged.side),
        "axis": cut.axis,
        "first": _text(cut.first),
        "last": _text(cut.last),
        "every": _text(cut.every),
        "min_share": "" if selection.min_share is None else f"{100 * selection.min_share:g}",
        "threshold": str(selection.threshold),
        "per_patient": _text(selection.per_patient),
    }


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
