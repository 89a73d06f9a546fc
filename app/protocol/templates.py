"""Designs to begin from: common kinds of reader studies, each as a whole protocol."""

from dataclasses import dataclass

from app.protocol import scale, wording
from app.protocol.design import Protocol
from app.protocol.practice import Practice
from app.protocol.questions import Question


@dataclass(frozen=True, slots=True)
class Template:
    """A protocol under a name, with a sentence on when it fits."""

    key: str
    name: str
    fits: str
    protocol: Protocol


_EXPERIENCE = (
    Question("What is your speciality?"),
    Question("How many years have you read such images?", kind="number"),
)
_CONSENT = (
    "You are asked to judge medical images for a scientific study. Your answers are kept under a code, without your name. "
    "Taking part is voluntary; you may stop at any time and withdraw your answers until the study is closed."
)

BUILT_IN = (
    Template(
        "usual",
        "Real or synthetic, with the scale",
        "A visual Turing test as Woodland et al. 2022 ran theirs: both answers for each image, the mix is not told.",
        Protocol(),
    ),
    Template(
        "reader-study",
        "Reader study for a publication",
        "Consent, two questions about the reader, practice with feedback, breaks, repeats for the agreement of readers with themselves, and degraded images that show who does not look.",
        Protocol(
            consent=_CONSENT,
            questions=_EXPERIENCE,
            practice=Practice(real=3, synthetic=3),
            block_size=25,
            repeats=5,
            catch=3,
            display_check=True,
        ),
    ),
    Template(
        "quick",
        "The scale alone, one key an image",
        "The fastest way through many images; a rating of 4 or more counts as “real”.",
        Protocol(answering="likert", instructions=wording.LIKERT_INSTRUCTIONS),
    ),
    Template(
        "hidden",
        "Purpose hidden until the debrief",
        "Readers judge the quality of images and learn at the end that some were synthetic. Ask your ethics board first.",
        Protocol(
            answering="likert",
            purpose_hidden=True,
            instructions="You will see medical images, one after the other. Judge how good each one is, and take the time that you would take at work.",
            question="How good is this image?",
            likert_labels=("very poor", "poor", "acceptable", "good", "very good"),
            consent=_CONSENT,
            debrief="Some of the images that you saw were not taken from a patient: a generative model made them. We did not say so before, because people look differently when they know. If you do not want your answers to be used, you can withdraw them below.",
        ),
    ),
    Template(
        "pairs",
        "Two at a time: which one is real?",
        "Two-alternative trials need no scale of suspicion: a reader's bias towards “real” falls out.",
        Protocol(
            answering="pairs",
            instructions=wording.PAIR_INSTRUCTIONS,
            question=wording.SURE_QUESTION,
            likert_labels=scale.SURE_LABELS,
        ),
    ),
    Template(
        "glance",
        "At a glance: half a second",
        "Each image is on the screen for 500 ms and then masked, zoom and light are fixed: what the first impression tells.",
        Protocol(exposure_ms=500, fixed_presentation=True, practice=Practice(real=2, synthetic=2)),
    ),
)
