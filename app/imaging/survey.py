"""The first pass of an import whose slices are selected across files: what there is, and which of it is to be decoded.

It asks the child which slices a file has, and, where they must show enough, decodes them without keeping a pixel. Then masks and
the number a patient decide. Memory grows by a few numbers a slice.
"""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from app.imaging import masks, selection
from app.imaging.asking import Asking
from app.imaging.masks import Marked
from app.imaging.outcomes import LeftOut, Looked, Outcome, Refused
from app.imaging.selection import Slice
from app.imaging.settings import ImportSettings
from app.imaging.sources import Source
from app.imaging.volumes import Grid

Told: TypeAlias = Mapping[str, Any]
Frames: TypeAlias = dict[int, Collection[int]]
"""Numbers of frames by the place of their file."""


def passes(settings: ImportSettings) -> int:
    """How often an import with these settings goes through its files."""
    if settings.selection.per_patient is not None and settings.selection.min_share is not None:
        return 3
    return 2 if settings.selection.by_mask or settings.selection.per_patient is not None else 1


def survey(
    asking: Asking, sources: Sequence[Source], mask_sources: Sequence[Source]
) -> Generator[Outcome, None, Frames]:
    """Look at every file; returns which frames of which place are to be decoded, and refuses what cannot be looked at."""
    looks = yield from _looks(asking, sources)
    frames: Frames = {place: told["frames"] for place, told in looks.items()}
    if asking.settings.selection.by_mask:
        marked = yield from _masks(asking, mask_sources)
        frames = yield from _masked(looks, marked)
    if asking.settings.selection.per_patient is None:
        return frames
    if asking.settings.selection.min_share is not None:
        frames = yield from _showing(asking, sources, frames)
    return (yield from _spread(asking.settings.selection.per_patient, looks, frames))


def _looks(asking: Asking, sources: Sequence[Source]) -> Generator[Outcome, None, dict[int, Told]]:
    looks: dict[int, Told] = {}
    for source in sources:
        told: Told = asking.ask("look", source.path)[0] if source.path else {"refused": source.why_absent}
        if "refused" in told:
            yield Refused(source.place, None, told["refused"])
        else:
            looks[source.place] = told
        yield Looked(source.place)
    return looks


def _masks(asking: Asking, sources: Sequence[Source]) -> Generator[Outcome, None, list[Marked]]:
    found = []
    for source in sources:
        told: Told = asking.ask("mask", source.path)[0] if source.path else {"refused": source.why_absent}
        if "refused" in told:
            yield Refused(0, source.place, told["refused"])
        else:
            found.append(Marked(Grid.heard(told["grid"]), frozenset(told["frames"])))
    return found


def _masked(looks: Mapping[int, Told], marked: Sequence[Marked]) -> Generator[Outcome, None, Frames]:
    grids = {place: Grid.heard(told["grid"]) if told["grid"] else None for place, told in looks.items()}
    frames: Frames = {}
    for place, told in looks.items():
        found = masks.of(place, grids, marked)
        if isinstance(found, str):
            yield Refused(place, None, found)
        else:
            frames[place] = found & set(told["frames"])
            yield from _left_out(place, len(told["frames"]) - len(frames[place]), "selection")
    return frames


def _showing(asking: Asking, sources: Sequence[Source], frames: Frames) -> Generator[Outcome, None, Frames]:
    """Those of these frames that show enough; each is decoded for that, and dropped."""
    showing: Frames = {}
    for source in sources:
        if source.path is None or source.place not in frames:
            continue
        told = asking.ask("decode", source.path, frames[source.place], dry=True)
        for each in told:
            if "refused" in each:
                yield Refused(source.place, each["frame"], each["refused"])
        decoded = [each for each in told if "refused" not in each]
        showing[source.place] = [each["frame"] for each in decoded if not each["left_out"]]
        yield from _left_out(source.place, len(decoded) - len(showing[source.place]), "selection")
        yield Looked(source.place)
    return showing


def _spread(most: int, looks: Mapping[int, Told], frames: Frames) -> Generator[Outcome, None, Frames]:
    """At most so many slices of each patient; a file that names none counts as a patient of its own."""
    slices = [
        Slice(place, frame, looks[place]["patient"] or place)
        for place, own in frames.items()
        for frame in own
    ]
    chosen: Frames = {place: [] for place in frames}
    for place, frame in sorted(selection.at_most(slices, most)):
        chosen[place] = [*chosen[place], frame]
    for place, own in frames.items():
        yield from _left_out(place, len(own) - len(chosen[place]), "patient")
    return chosen


def _left_out(place: int, count: int, why: str) -> Iterator[LeftOut]:
    if count:
        yield LeftOut(place, count, why)
