"""A session's protocol: what readers are told and asked."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from app.errors import InvalidError
from app.protocol import scale, wording

LONGEST_INSTRUCTIONS = 5000
LONGEST_LABEL = 60
SHORTEST_EXPOSURE_MS, LONGEST_EXPOSURE_MS = 50, 60_000


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a researcher decides about the page; raises InvalidError where it cannot be shown.

    With `fixed_presentation` readers can neither zoom nor change the light; `exposure_ms` takes the image away after so long (0: never).
    `mends` are changes of the pixels that all items get alike before they are encoded.
    """

    instructions: str = wording.INSTRUCTIONS
    likert_labels: tuple[str, ...] = scale.LABELS
    disclose_ratio: bool = False
    show_progress: bool = True
    allow_undo: bool = False
    fixed_presentation: bool = False
    exposure_ms: int = 0
    mends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what readers could not read."""
        if not 1 <= len(self.instructions) <= LONGEST_INSTRUCTIONS:
            raise InvalidError(f"The instructions need 1 to {LONGEST_INSTRUCTIONS} characters.")
        if len(self.likert_labels) != scale.POINTS:
            raise InvalidError(f"The Likert scale needs a wording for each of its {scale.POINTS} points.")
        for label in self.likert_labels:
            if not 1 <= len(label) <= LONGEST_LABEL:
                raise InvalidError(f"Each wording of the Likert scale needs 1 to {LONGEST_LABEL} characters.")
        if self.exposure_ms and not SHORTEST_EXPOSURE_MS <= self.exposure_ms <= LONGEST_EXPOSURE_MS:
            raise InvalidError(
                f"An exposure limit lies between {SHORTEST_EXPOSURE_MS} and {LONGEST_EXPOSURE_MS} ms; leave it empty for none."
            )
        if len(set(self.likert_labels)) != scale.POINTS:
            raise InvalidError("Two points of the Likert scale have the same wording.")

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "likert_labels": list(self.likert_labels), "mends": list(self.mends)}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Protocol":
        """What `to_json` stored; raises InvalidError for anything else."""
        labels = stored.get("likert_labels")
        flags = [stored.get(name) for name in ("disclose_ratio", "show_progress", "allow_undo")]
        flags.append(stored.get("fixed_presentation", False))
        instructions, mends = stored.get("instructions"), stored.get("mends", [])
        exposure = stored.get("exposure_ms", 0)
        if (
            not isinstance(labels, list)
            or not isinstance(instructions, str)
            or not isinstance(mends, list)
            or not all(isinstance(f, bool) for f in flags)
            or type(exposure) is not int
        ):
            raise InvalidError("The stored protocol cannot be read.")
        disclose_ratio, show_progress, allow_undo, fixed = (flag is True for flag in flags)
        return cls(
            instructions=instructions,
            likert_labels=tuple(str(label) for label in labels),
            disclose_ratio=disclose_ratio,
            show_progress=show_progress,
            allow_undo=allow_undo,
            fixed_presentation=fixed,
            exposure_ms=exposure,
            mends=tuple(str(mend) for mend in mends),
        )
