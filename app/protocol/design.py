"""A session's protocol: what readers are told, shown and asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from app.errors import InvalidError
from app.protocol import scale, wording
from app.protocol.practice import Practice
from app.protocol.questions import Question
from app.protocol.refusals import check

T = TypeVar("T")
_UNREADABLE = "The stored protocol cannot be read."


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a researcher decides about the reading; raises InvalidError where it cannot be read so.

    `answering` both: real or synthetic, and the scale; likert: the scale alone (asked as `question`, where a point of `real_from` or
    more counts as “real”); pairs: which of two images side by side is the real one, and how sure the reader is (`question`). With `purpose_hidden` nothing names real and synthetic before the `debrief`.
    With `fixed_presentation` readers can neither zoom nor change the light; `exposure_ms` takes the image away after so long (0: never).
    `cues` are the words for marks on the image (none: no marks). A break is offered after each `block_size` images (0: never).
    With `arm_blocks` each model under test has a block of its own with real images of its own; else all are mixed.
    The images are dealt into `parts`, of which each reader reads `parts_read` (1 of 1: all read all).
    `repeats` images come twice, at least `repeat_lag` images apart; `catch` images are degraded beyond doubt; `anchors` come first, the same
    for all, half of them real, without feedback, so that readers find their scale: they are not analysed.
    With `fresh_readers` nobody is invited by an address by which images of the same sets were read in another session.
    `mends` are changes of the pixels that all items get alike before they are encoded. `margin` is the half-width δ around ½ within which
    balanced accuracy counts as guessing.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    instructions: str = wording.INSTRUCTIONS
    likert_labels: tuple[str, ...] = scale.LABELS
    answering: Literal["both", "likert", "pairs"] = "both"
    question: str = wording.LIKERT_QUESTION
    real_from: int = 4
    purpose_hidden: bool = False
    disclose_ratio: bool = False
    show_progress: bool = True
    allow_undo: bool = False
    fixed_presentation: bool = False
    exposure_ms: int = 0
    remarks: bool = False
    cues: tuple[str, ...] = ()
    consent: str = ""
    questions: tuple[Question, ...] = ()
    debrief: str = ""
    practice: Practice = field(default_factory=Practice)
    block_size: int = 0
    arm_blocks: bool = False
    parts: int = 1
    parts_read: int = 1
    anchors: int = 0
    repeats: int = 0
    repeat_lag: int = 10
    catch: int = 0
    display_check: bool = False
    fresh_readers: bool = False
    smallest_width: int = 0
    smallest_height: int = 0
    mends: tuple[str, ...] = ()
    margin: float = 0.10

    def __post_init__(self) -> None:
        """Refuse what readers could not read, and what contradicts itself."""
        check(self)

    def to_json(self) -> dict[str, object]:
        stored: dict[str, object] = json.loads(json.dumps(asdict(self)))
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Protocol":
        """What `to_json` stored; what it leaves out is as by default. Raises InvalidError for anything else."""
        try:
            return cls.from_text(json.dumps(stored))
        except (ValueError, TypeError) as error:
            raise InvalidError(_UNREADABLE) from error

    @classmethod
    def from_text(cls, stored: str) -> "Protocol":
        """The same from the text of the JSON."""
        try:
            return _ADAPTER.validate_json(stored, strict=True)
        except ValidationError as error:
            raise InvalidError(_UNREADABLE) from error

    def told(self, n_real: int, n_images: int) -> list[str]:
        """The sentences about the task: the instructions, and the mix as far as it is told (still to be translated).

        The numbers are those of the session; a reader of some parts is told those of these parts.
        """
        told = [self.instructions, *([wording.LIMITED] if self.exposure_ms else [])]
        if self.purpose_hidden:
            return told
        if self.answering == "pairs":
            return [*told, wording.ONE_OF_EACH]
        real, images = (number * self.parts_read // self.parts for number in (n_real, n_images))
        mix = wording.proportion(real, images - real) if self.disclose_ratio else wording.ANY_MIX
        return [*told, mix]

    @property
    def at_once(self) -> int:
        """How many images are on the screen at once: 2 where they are compared, else 1."""
        return 2 if self.answering == "pairs" else 1

    def spoken(self, say: Callable[[str], str]) -> "Protocol":
        """The protocol with the built-in wordings that it uses unchanged as `say` puts them; a researcher's own stay as they are."""
        return replace(
            self,
            instructions=say(
                _marked(
                    self.instructions,
                    wording.INSTRUCTIONS,
                    wording.PAIR_INSTRUCTIONS,
                    wording.LIKERT_INSTRUCTIONS,
                )
            ),
            question=say(_marked(self.question, wording.LIKERT_QUESTION, wording.SURE_QUESTION)),
            likert_labels=tuple(
                say(label) for label in _marked(self.likert_labels, scale.LABELS, scale.SURE_LABELS)
            ),
        )

    def spoken_cues(self, say: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
        """The words for marks, each with what readers see: put by `say` where all of them are built in."""
        built_in = {str(cue): cue for cue in wording.CUES}
        if not built_in.keys() >= set(self.cues):
            return tuple((cue, cue) for cue in self.cues)
        return tuple((cue, say(built_in[cue])) for cue in self.cues)

    def counted_as(self, likert: int) -> str:
        """The answer that a rating stands for where the scale alone is asked."""
        return "real" if likert >= self.real_from else "synthetic"


def _marked(used: T, *built_in: T) -> T:
    """The built-in wording that is used, which can be translated; else what is used."""
    return next((one for one in built_in if one == used), used)


_ADAPTER = TypeAdapter(Protocol)
