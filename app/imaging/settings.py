"""What an import is asked to do with images: one frozen value, and the same as JSON for the child and for the record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from app.imaging import resize
from app.imaging.geometry import Geometry
from app.imaging.presets import PERCENTILES
from app.imaging.volumes import Cut
from app.imaging.window import Wanted, Window

STEPS = ("window", "rotate", "flip", "cut", "resize")
"""The one order of steps, from decoded values to kept pixels."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which slices are kept: `min_share` (0–1) of their pixels, as shown, are brighter than `threshold` (0–255); at
    least one voxel of theirs is in the volume's mask; at most `per_patient` of a patient, evenly spread.
    """

    min_share: float | None = None
    threshold: int = 10
    by_mask: bool = False
    per_patient: int | None = None


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """How images are shown: a window in modality units (None: the file's own, else percentiles), a size in pixels.

    `window_name` says which named window that is; "percentiles" passes over the file's own window. `cut` is for volumes.
    """

    window: Window | None = None
    size: int | None = None
    window_name: str = ""
    geometry: Geometry = field(default_factory=Geometry)
    cut: Cut = field(default_factory=Cut)
    selection: Selection = field(default_factory=Selection)

    @property
    def wanted(self) -> Wanted:
        """The window as decoders take it."""
        return "percentiles" if self.window_name == PERCENTILES else self.window


Part = TypeVar("Part", Geometry, Cut, Selection)


def to_json(settings: ImportSettings) -> dict[str, object]:
    """A flat JSON object, stored with the set and copied into a session's manifest."""
    window = settings.window
    return {
        "window_center": window.center if window else None,
        "window_width": window.width if window else None,
        "window_name": settings.window_name,
        "size": settings.size,
        **asdict(settings.geometry),
        **asdict(settings.cut),
        **asdict(settings.selection),
        "filter": resize.FILTER,
        "steps": list(STEPS),
    }


def from_json(stored: Mapping[str, Any]) -> ImportSettings:
    """The settings again; what an older import did not know of has its default."""
    center, width = stored.get("window_center"), stored.get("window_width")
    return ImportSettings(
        window=None if center is None or width is None else Window(center, width),
        size=stored.get("size"),
        window_name=stored.get("window_name", ""),
        geometry=_known(Geometry, stored),
        cut=_known(Cut, stored),
        selection=_known(Selection, stored),
    )


def _known(part: type[Part], stored: Mapping[str, Any]) -> Part:
    return part(**{known.name: stored[known.name] for known in fields(part) if known.name in stored})
