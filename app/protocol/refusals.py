"""Why a protocol cannot be used, in a sentence for the researcher."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.errors import InvalidError
from app.protocol import scale, wording
from app.protocol.parts import MOST_PARTS
from app.protocol.practice import MOST_SPECIAL, within
from app.protocol.questions import MOST_QUESTIONS

if TYPE_CHECKING:
    from app.protocol.design import Protocol

LONGEST_TEXT = 5000
LONGEST_LABEL = 60
SHORTEST_EXPOSURE_MS, LONGEST_EXPOSURE_MS = 50, 60_000
MOST_CUES = 12
LARGEST_SCREEN = 10_000
MOST_ANCHORS = 20


def check(protocol: "Protocol") -> None:
    """Raise InvalidError for what readers could not read, and for what contradicts itself."""
    _texts(protocol)
    _labels(protocol.likert_labels)
    _numbers(protocol)
    _contradictions(protocol)
    _pairs(protocol)
    _hidden(protocol)


def check_margin(margin: float) -> None:
    """Raise InvalidError for a margin of equivalence that says nothing, or everything."""
    if not 0.01 <= margin <= 0.49:
        raise InvalidError("The margin of equivalence lies between 1 and 49 percentage points.")


def _texts(protocol: "Protocol") -> None:
    for name, text, least in (
        ("The instructions need", protocol.instructions, 1),
        ("The consent text has", protocol.consent, 0),
        ("The debrief has", protocol.debrief, 0),
    ):
        if not least <= len(text) <= LONGEST_TEXT:
            raise InvalidError(f"{name} {least} to {LONGEST_TEXT} characters.")
    if not 1 <= len(protocol.question) <= 200:
        raise InvalidError("The question about the scale has 1 to 200 characters.")
    if len(protocol.questions) > MOST_QUESTIONS:
        raise InvalidError(f"A questionnaire has at most {MOST_QUESTIONS} questions.")
    if len(protocol.cues) > MOST_CUES or len(set(protocol.cues)) != len(protocol.cues):
        raise InvalidError(f"There are at most {MOST_CUES} different words for marks.")
    if any(not 1 <= len(cue) <= LONGEST_LABEL for cue in protocol.cues):
        raise InvalidError(f"Each word for a mark has 1 to {LONGEST_LABEL} characters.")


def _labels(labels: Sequence[str]) -> None:
    if len(labels) != scale.POINTS:
        raise InvalidError(f"The Likert scale needs a wording for each of its {scale.POINTS} points.")
    for label in labels:
        if not 1 <= len(label) <= LONGEST_LABEL:
            raise InvalidError(f"Each wording of the Likert scale needs 1 to {LONGEST_LABEL} characters.")
    if len(set(labels)) != scale.POINTS:
        raise InvalidError("Two points of the Likert scale have the same wording.")


def _numbers(protocol: "Protocol") -> None:
    if protocol.exposure_ms and not SHORTEST_EXPOSURE_MS <= protocol.exposure_ms <= LONGEST_EXPOSURE_MS:
        raise InvalidError(
            f"An exposure limit lies between {SHORTEST_EXPOSURE_MS} and {LONGEST_EXPOSURE_MS} ms; leave it empty for none."
        )
    within("The point of the scale that counts as “real”", (protocol.real_from,), 2, scale.POINTS)
    within("The number of images in a block", (protocol.block_size,), 0, LONGEST_TEXT)
    within("The number of repeated images", (protocol.repeats,), 0, MOST_SPECIAL)
    within("The least distance of a repeat", (protocol.repeat_lag,), 1, MOST_SPECIAL)
    within("The number of degraded images", (protocol.catch,), 0, MOST_SPECIAL)
    within("The number of anchors", (protocol.anchors,), 0, MOST_ANCHORS)
    within("The number of parts", (protocol.parts,), 1, MOST_PARTS)
    within("The number of parts that each reader reads", (protocol.parts_read,), 1, protocol.parts)
    within("A smallest size", (protocol.smallest_width, protocol.smallest_height), 0, LARGEST_SCREEN)
    check_margin(protocol.margin)


def _contradictions(protocol: "Protocol") -> None:
    """What one part of a protocol asks for and another one would break."""
    if protocol.disclose_ratio and (protocol.repeats or protocol.catch or protocol.anchors):
        raise InvalidError(
            "The mix cannot be told where images come twice or are degraded, or anchors stand before them: readers would count others than they are told."
        )
    if protocol.anchors % 2:
        raise InvalidError("Half of the anchors are real, so their number is even.")
    if (protocol.smallest_width or protocol.smallest_height) and not protocol.display_check:
        raise InvalidError("A smallest window is found out by the display check: switch that on, too.")


def _pairs(protocol: "Protocol") -> None:
    """What pairs cannot have."""
    if protocol.answering != "pairs":
        return
    if protocol.repeats or protocol.catch or protocol.anchors or protocol.cues:
        raise InvalidError("Pairs can have neither repeats nor degraded images nor anchors nor marks.")
    practice = protocol.practice
    if practice.real != practice.synthetic:
        raise InvalidError("Practice with pairs needs as many real as synthetic images.")
    within("The pass mark of the practice", (practice.pass_mark,), 0, practice.images // protocol.at_once)


def _hidden(protocol: "Protocol") -> None:
    """What would tell readers of a study with a hidden purpose what it is about."""
    if not protocol.purpose_hidden:
        return
    if protocol.answering != "likert":
        raise InvalidError(
            "Where the purpose is hidden, readers cannot be asked for real or synthetic: ask for the scale alone."
        )
    if protocol.disclose_ratio or protocol.practice.images:
        raise InvalidError("Where the purpose is hidden, neither the mix nor feedback can be given.")
    if not protocol.debrief:
        raise InvalidError("Where the purpose is hidden, readers need a debrief at the end.")
    before = (question for question in protocol.questions if not question.after)
    shown = [
        *(
            protocol.instructions,
            protocol.question,
            protocol.consent,
            *protocol.likert_labels,
            *protocol.cues,
        ),
        *(word for question in before for word in (question.text, *question.choices)),
    ]
    for text in shown:
        if word := wording.names_purpose(text):
            raise InvalidError(f"The purpose is hidden, but readers would read “{word}” before the debrief.")
