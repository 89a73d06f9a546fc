"""An import's settings as people give them: the texts of a form or of the command line; and the same in words again."""

import re
from collections.abc import Mapping

from app.errors import InvalidError
from app.imaging import geometry, presets
from app.imaging.geometry import Geometry
from app.imaging.settings import ImportSettings, Selection, from_json
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


def said(pipeline: Mapping[str, object]) -> list[tuple[str, str]]:
    """A set's stored settings in words, as (name, words); what was left at its default is not named, save window and size."""
    settings = from_json(pipeline)
    arranged, cut, selection = settings.geometry, settings.cut, settings.selection
    rows = [("Window", _window_said(settings)), ("Size", _size_said(settings))]
    turned = [f"rotated {arranged.rotate}° clockwise"] if arranged.rotate else []
    turned += (
        []
        if arranged.flip == "none"
        else [f"flipped {arranged.flip}" if arranged.flip != "both" else "flipped both ways"]
    )
    turned += [f"centre of {arranged.side} × {arranged.side} pixels"] if arranged.side else []
    turned += ["cropped to a square"] if arranged.square == "crop" and not arranged.side else []
    rows += [("Geometry", ", ".join(turned))] if turned else []
    if cut != Cut():
        span = f" {cut.first or 1} to {cut.last or 'the last'}" if cut.first or cut.last else ""
        rows.append(("Volumes", f"{cut.axis} slices{span}{f', each {cut.every}th' if cut.every > 1 else ''}"))
    chosen = ["in the mask"] if selection.by_mask else []
    if selection.min_share is not None:
        chosen.append(f"at least {100 * selection.min_share:g} % brighter than {selection.threshold}")
    if selection.per_patient is not None:
        chosen.append(f"at most {selection.per_patient} a patient, evenly spread")
    return rows + ([("Slices", ", ".join(chosen))] if chosen else [])


LEFT_OUT = "left_out"
"""Where a set's pipeline has how many slices were left out, by the reason."""
_LEFT_OUT = {
    "selection": "{slices} left out by the selection.",
    "patient": "{slices} left out because their patient has enough.",
}


def left_out(pipeline: Mapping[str, object]) -> list[str]:
    """Sentences on how many slices an import left out."""
    counts = pipeline.get(LEFT_OUT, {})
    assert isinstance(counts, dict)
    return [
        words.format(slices="1 slice was" if counts[why] == 1 else f"{counts[why]} slices were")
        for why, words in _LEFT_OUT.items()
        if why in counts
    ]


def _window_said(settings: ImportSettings) -> str:
    if settings.window_name == presets.PERCENTILES:
        return "the 0.5th to 99.5th percentile"
    if settings.window is None:
        return "the file's own, else percentiles"
    named = f"{settings.window_name}: " if settings.window_name else ""
    return f"{named}centre {settings.window.center:g}, width {settings.window.width:g}"


def _size_said(settings: ImportSettings) -> str:
    return f"{settings.size} px, Lanczos" if settings.size else "as in the files"
