"""Decode foreign image files in a child process with limits: one that kills its child costs itself alone."""

import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from app import sandbox
from app.imaging.asking import CHILD, LIMITS, Asking
from app.imaging.outcomes import Decoded, LeftOut, Looked, Outcome, Outcomes, Refused
from app.imaging.settings import ImportSettings
from app.imaging.sources import Source
from app.imaging.survey import passes, survey

__all__ = [
    "LIMITS",
    "Decoded",
    "ImportSettings",
    "LeftOut",
    "Looked",
    "Outcome",
    "Outcomes",
    "Refused",
    "decode_all",
    "passes",
]


def decode_all(
    sources: Iterable[Source],
    settings: ImportSettings,
    staging: Path,
    limits: sandbox.Limits = LIMITS,
    mask_sources: Sequence[Source] = (),
) -> Outcomes:
    """Decode one source after the other, in constant memory; `staging` is made, and removed again whatever happens.

    Its caller must use it up or close it: only then is `staging` gone.
    """
    staging.mkdir(parents=True, exist_ok=True)
    try:
        with sandbox.spawn(CHILD, limits, writable=staging) as child:
            yield from decode_by(Asking(child, limits, settings, staging), sources, mask_sources)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def decode_by(asking: Asking, sources: Iterable[Source], mask_sources: Sequence[Source] = ()) -> Outcomes:
    """Decode by a child that is there already."""
    if passes(asking.settings) == 1:
        for source in sources:
            yield from _decode(asking, source, None)
        return
    every = list(sources)
    chosen = yield from survey(asking, every, mask_sources)
    for source in every:
        if chosen.get(source.place):
            yield from _decode(asking, source, chosen[source.place])


def _decode(asking: Asking, source: Source, only: Collection[int] | None) -> Iterator[Outcome]:
    if source.path is None:
        yield Refused(source.place, None, source.why_absent)
        return
    left_out = 0
    try:
        for told in asking.ask("decode", source.path, only):
            if "refused" in told:
                yield Refused(source.place, told["frame"], told["refused"])
            elif told["left_out"]:
                left_out += 1
            else:
                yield asking.kept(source.place, told)
        if left_out:
            yield LeftOut(source.place, left_out, "selection")
    finally:
        asking.sweep()
