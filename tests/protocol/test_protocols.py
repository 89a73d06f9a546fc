"""Protocols: what contradicts itself is refused in a sentence, what is typed becomes what is meant, answers are kept as given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidError
from app.protocol import questions, typed, wording
from app.protocol.design import Protocol
from app.protocol.practice import Practice
from app.protocol.questions import Question

LABELS = ("poor", "fair", "medium", "good", "very good")
HIDDEN = {
    "purpose_hidden": True,
    "answering": "likert",
    "instructions": "Look at each image and rate its quality.",
    "question": "How good is this image?",
    "likert_labels": LABELS,
    "debrief": "Some of the images were made by a computer.",
}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"consent": "x" * 5001}, "consent"),
        ({"debrief": "x" * 5001}, "debrief"),
        ({"question": ""}, "question about the scale"),
        ({"questions": tuple(Question(f"Question {n}?") for n in range(13))}, "at most 12 questions"),
        ({"cues": tuple(f"cue {n}" for n in range(13))}, "at most 12 different"),
        ({"cues": ("texture", "texture")}, "different words"),
        ({"cues": ("x" * 61,)}, "1 to 60"),
        ({"exposure_ms": 49}, "exposure limit"),
        ({"exposure_ms": 60_001}, "exposure limit"),
        ({"real_from": 1}, "counts as “real”"),
        ({"real_from": 6}, "counts as “real”"),
        ({"block_size": -1}, "in a block"),
        ({"repeats": 201}, "repeated images"),
        ({"repeat_lag": 0}, "distance of a repeat"),
        ({"catch": -1}, "degraded images"),
        ({"smallest_width": -1}, "smallest size"),
        ({"smallest_height": 10_001}, "smallest size"),
        ({"disclose_ratio": True, "repeats": 1}, "mix cannot be told"),
        ({"disclose_ratio": True, "catch": 1}, "mix cannot be told"),
        ({"smallest_width": 800}, "display check"),
        ({"smallest_height": 600}, "display check"),
        ({"margin": 0.001}, "margin"),
        ({"margin": 0.5}, "margin"),
    ],
)
def test_what_cannot_be_read_so_is_refused(changes, word):
    with pytest.raises(InvalidError, match=word):
        Protocol(**changes)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"answering": "both"}, "scale alone"),
        ({"disclose_ratio": True}, "neither the mix nor feedback"),
        ({"practice": Practice(real=1, synthetic=1)}, "neither the mix nor feedback"),
        ({"debrief": ""}, "need a debrief"),
        ({"instructions": "Say which are synthetic."}, "“synthetic”"),
        ({"question": "How realistic is it?"}, "“realistic”"),
        ({"consent": "A study of generated images."}, "“generated”"),
        ({"likert_labels": ("fake", *LABELS[1:])}, "“fake”"),
        ({"cues": ("artificial texture",)}, "“artificial”"),
        ({"questions": (Question("Have you seen GANs before?"),)}, "“GANs”"),
        ({"questions": (Question("Which?", "choice", ("AI", "none")),)}, "“AI”"),
    ],
)
def test_a_hidden_purpose_is_not_given_away(changes, word):
    assert Protocol(**HIDDEN).purpose_hidden
    with pytest.raises(InvalidError, match=word):
        Protocol(**{**HIDDEN, **changes})


def test_what_comes_after_the_images_may_name_the_purpose():
    asked = Question("Did you notice that some were synthetic?", after=True)
    assert Protocol(**HIDDEN, questions=(asked,)).questions == (asked,)


@pytest.mark.parametrize(
    "text", ["Area, ideal and airway", "a really good image", "Realschule", "gantry tilt"]
)
def test_words_that_only_look_alike_name_no_purpose(text):
    assert wording.names_purpose(text) == ""


def test_nothing_of_the_mix_is_told_where_the_purpose_is_hidden():
    assert Protocol(**HIDDEN).told(20, 50) == ["Look at each image and rate its quality."]
    assert Protocol(instructions="Look.").told(20, 50) == ["Look.", wording.ANY_MIX]
    assert Protocol(instructions="Look.", disclose_ratio=True).told(20, 50)[1].startswith("20 of the 50")


def test_the_scale_alone_counts_from_the_chosen_point_on():
    protocol = Protocol(answering="likert", real_from=3)
    assert [protocol.counted_as(point) for point in range(1, 6)] == ["synthetic"] * 2 + ["real"] * 3


def test_a_full_protocol_survives_being_stored():
    protocol = Protocol(
        consent="Do you agree?",
        questions=(
            Question("Years?", "number", required=True),
            Question("Which?", "choice", ("a", "b"), after=True),
        ),
        practice=Practice(2, 3, 4),
        cues=wording.CUES,
        block_size=20,
        repeats=4,
        catch=2,
        margin=0.15,
    )
    assert Protocol.from_json(protocol.to_json()) == protocol
    early = {"instructions": "Look.", "allow_undo": True}
    assert Protocol.from_json(early) == Protocol(instructions="Look.", allow_undo=True)


@pytest.mark.parametrize("made", [(-1, 1, 0), (1, 201, 0), (1, 1, 3), (0, 0, 1)])
def test_practice_that_nobody_could_pass_is_refused(made):
    with pytest.raises(InvalidError, match="practice"):
        Practice(*made)


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (("",), "A question has"),
        (("x" * 301,), "A question has"),
        (("Which?", "choice", ("a",)), "2 to 20"),
        (("Which?", "choice", ("a", "a")), "2 to 20"),
        (("Which?", "choice", tuple(str(n) for n in range(21))), "2 to 20"),
        (("Which?", "choice", ("a", "x" * 301)), "A choice has"),
        (("Which?", "text", ("a", "b")), "not a choice"),
    ],
)
def test_questions_that_nobody_could_answer_are_refused(made, word):
    with pytest.raises(InvalidError, match=word):
        Question(*made)


@pytest.mark.parametrize(
    ("question", "text", "kept"),
    [
        (Question("Name?"), "  Ann ", "Ann"),
        (Question("Name?"), " ", None),
        (Question("Years?", "number"), "12,5", 12.5),
        (Question("Years?", "number"), "0", 0.0),
        (Question("Which?", "choice", ("a", "b")), "b", "b"),
    ],
)
def test_answers_are_kept_as_meant(question, text, kept):
    assert question.answered(text) == kept


@pytest.mark.parametrize(
    ("question", "text", "word"),
    [
        (Question("Name?", required=True), "", "Please answer: Name"),
        (Question("Name?"), "x" * 1001, "at most 1000"),
        (Question("Years?", "number"), "many", "give a number"),
        (Question("Years?", "number"), "-3", "give a number"),
        (Question("Years?", "number"), "nan", "give a number"),
        (Question("Years?", "number"), "1e9", "give a number"),
        (Question("Which?", "choice", ("a", "b")), "c", "choose one"),
    ],
)
def test_what_is_no_answer_gets_a_sentence(question, text, word):
    with pytest.raises(InvalidError, match=word):
        question.answered(text)


def test_each_page_takes_its_own_questions():
    asked = (Question("One?"), Question("Two?", after=True), Question("Three?"))
    given_texts = {"q1": "1", "q2": "2", "q3": "3"}
    before = questions.answers(asked, given_texts, after=False)
    assert before == [{"question": "One?", "answer": "1"}, {"question": "Three?", "answer": "3"}]
    assert questions.answers(asked, {}, after=True) == [{"question": "Two?", "answer": None}]


def test_a_form_left_as_it_is_gives_the_usual_protocol():
    usual = Protocol()
    form = {
        "instructions": [usual.instructions],
        "likert_labels": list(usual.likert_labels),
        "show_progress": ["true"],
        "repeats": [""],
        "question_text": ["", " "],
        "question_kind": ["text", "text"],
        "question_choices": ["", ""],
        "question_required": ["", ""],
        "question_when": ["before", "before"],
    }
    assert typed.protocol(form) == usual


def test_a_filled_in_form_gives_what_was_meant():
    made = typed.protocol(
        {
            "instructions": [" Look. "],
            "answering": ["likert"],
            "question": ["How real?"],
            "real_from": ["3"],
            "remarks": ["on"],
            "cues": ["texture, , border"],
            "practice_real": ["2"],
            "practice_synthetic": ["1"],
            "practice_pass_mark": ["2"],
            "margin": ["12,5"],
            "question_text": ["Years?", "Where?"],
            "question_kind": ["number", "choice"],
            "question_choices": ["ignored", "here, there"],
            "question_required": ["required", ""],
            "question_when": ["before", "after"],
        }
    )
    assert made == Protocol(
        instructions="Look.",
        answering="likert",
        question="How real?",
        real_from=3,
        show_progress=False,
        remarks=True,
        cues=("texture", "border"),
        practice=Practice(2, 1, 2),
        margin=0.125,
        questions=(
            Question("Years?", "number", required=True),
            Question("Where?", "choice", ("here", "there"), after=True),
        ),
    )


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ({}, "instructions need"),
        ({"instructions": ["Look."], "answering": ["guess"]}, "what readers are asked"),
        (
            {"instructions": ["Look."], "block_size": ["ten"]},
            "images in a block is a whole number, not “ten”",
        ),
        ({"instructions": ["Look."], "margin": ["wide"]}, "percentage points, not “wide”"),
        (
            {
                "instructions": ["Look."],
                "question_text": ["Years?"],
                "question_kind": ["guess"],
                "question_choices": [""],
                "question_required": [""],
                "question_when": ["before"],
            },
            "how the question “Years",
        ),
    ],
)
def test_a_form_that_means_nothing_is_refused(form, word):
    with pytest.raises(InvalidError, match=word):
        typed.protocol(form)


@given(
    st.dictionaries(
        st.sampled_from(["margin", "repeats", "exposure_ms", "cues", "answering"]),
        st.lists(st.text(max_size=20), max_size=2),
    )
)
def test_whatever_is_typed_is_a_protocol_or_a_sentence(form):
    sentence, made = "", None
    try:
        made = typed.protocol({"instructions": ["Look."], **form})
    except InvalidError as error:
        sentence = error.sentence
    assert sentence.endswith(".") if made is None else Protocol.from_json(made.to_json()) == made


def test_what_is_no_json_is_no_stored_protocol():
    with pytest.raises(InvalidError, match="cannot be read"):
        Protocol.from_json({"instructions": object()})
