"""What an import was asked to do, and what it left out, in words: of the JSON that is kept with the set."""

from collections.abc import Mapping

from app.imaging import presets
from app.imaging.geometry import Geometry
from app.imaging.settings import ImportSettings, Selection, from_json
from app.imaging.volumes import Cut

LEFT_OUT = "left_out"
"""Where a set's pipeline has how many slices were left out, by the reason."""
_LEFT_OUT = {
    "selection": "{slices} left out by the selection.",
    "patient": "{slices} left out as more than so many a patient.",
}


def said(pipeline: Mapping[str, object]) -> list[tuple[str, str]]:
    """A set's stored settings in words, as (name, words); what was left at its default is not named, save window and size."""
    settings = from_json(pipeline)
    rows = [
        ("Window", _window_said(settings)),
        ("Size", f"{settings.size} px, Lanczos" if settings.size else "as in the files"),
        ("Geometry", _geometry_said(settings.geometry)),
        ("Volumes", _cut_said(settings.cut)),
        ("Slices", _selection_said(settings.selection)),
    ]
    return [(name, words) for name, words in rows if words]


def left_out(pipeline: Mapping[str, object]) -> list[str]:
    """Sentences on how many slices an import left out."""
    counts = pipeline.get(LEFT_OUT, {})
    assert isinstance(counts, dict)
    return [
        words.format(slices="1 slice was" if counts[why] == 1 else f"{counts[why]} slices were")
        for why, words in _LEFT_OUT.items()
        if why in counts
    ]


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _window_said(settings: ImportSettings) -> str:
    if settings.window_name == presets.PERCENTILES:
        return "the 0.5th to 99.5th percentile"
    if settings.window is None:
        return "the file's own, else percentiles"
    named = f"{settings.window_name}: " if settings.window_name else ""
    return f"{named}centre {settings.window.center:g}, width {settings.window.width:g}"


def _geometry_said(arranged: Geometry) -> str:
    said = [f"rotated {arranged.rotate}° clockwise"] if arranged.rotate else []
    if arranged.flip != "none":
        said.append("flipped both ways" if arranged.flip == "both" else f"flipped {arranged.flip}")
    if arranged.side:
        said.append(f"centre of {arranged.side} × {arranged.side} pixels")
    elif arranged.square == "crop":
        said.append("cropped to a square")
    return ", ".join(said)


def _cut_said(cut: Cut) -> str:
    if cut == Cut():
        return ""
    span = f" {cut.first or 1} to {cut.last or 'the last'}" if cut.first or cut.last else ""
    step = f", each {_ordinal(cut.every)}" if cut.every > 1 else ""
    return f"{cut.axis} slices{span}{step}"


def _selection_said(selection: Selection) -> str:
    said = ["in the mask"] if selection.by_mask else []
    if selection.min_share is not None:
        said.append(f"at least {100 * selection.min_share:g} % brighter than {selection.threshold}")
    if selection.per_patient is not None:
        said.append(f"at most {selection.per_patient} a patient, evenly spread")
    return ", ".join(said)
