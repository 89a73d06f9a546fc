"""What people type about a run, beside what its folder tells."""

import pytest

from app.errors import InvalidError
from app.runs import facts
from app.runs.options import Options

TOLD = Options(images=900, gamma=10.0, mirrored=True, augmentation="ADA 0.6, bgc")


def test_it_works():
    typed = facts.parse(
        {"images": "1200", "patients": " 35 ", "gamma": "8,2", "mirrored": "no", "notes": "a\r\nb"}
    )
    assert typed == {"images": 1200, "patients": 35, "gamma": 8.2, "mirrored": False, "notes": "a\nb"}
    both = facts.known(TOLD, typed)
    assert (both.images, both.patients, both.gamma, both.mirrored) == (1200, 35, 8.2, False)
    assert both.augmentation == "ADA 0.6, bgc"
    differing = [fact.name for fact in facts.table(TOLD, typed) if fact.differs]
    assert differing == ["images", "gamma", "mirrored"]


def test_what_is_left_empty_is_not_known():
    assert facts.parse({"images": " ", "notes": "", "other": "x"}) == {}
    assert {fact.value for fact in facts.table(Options(), {})} == {""}


def test_what_a_form_shows_it_takes():
    shown = {fact.name: fact.value for fact in facts.table(TOLD, {})}
    assert facts.known(Options(), facts.parse(shown)) == TOLD


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("images", "many", "Images is a whole number from 1"),
        ("patients", "0", "Patients is a whole number from 1"),
        ("batch", "9999999999", "Batch is a whole number"),
        ("gamma", "-1", "R1 gamma is a number from 0"),
        ("kimg", "1e5", "Length in kimg is a number from 0"),
        ("kimg", "nan", "Length in kimg is a number from 0"),
        ("mirrored", "perhaps", "Mirrored is yes, no"),
        ("pretraining", "x" * 121, "Pretraining may have 120 characters"),
        ("augmentation", "a\x00b", "Augmentation cannot hold control characters"),
        ("notes", "x" * 2001, "The notes may have 2000 characters"),
    ],
)
def test_what_cannot_be_used_gets_a_sentence(name, text, sentence):
    with pytest.raises(InvalidError, match=sentence):
        facts.parse({name: text})
