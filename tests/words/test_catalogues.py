"""Every sentence that readers see has its translation in every language, with the same placeholders and markup."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from app.protocol import scale, wording
from app.protocol.design import Protocol
from app.web import reading_words
from app.words import catalogues
from app.words.catalogues import translate
from app.words.languages import ENGLISH, LANGUAGES, choose
from app.words.sentence import N_

ROOT = Path(__file__).parents[2]
OTHERS = [tag for tag in LANGUAGES if tag != ENGLISH]
SCRIPTS = sorted((ROOT / "static" / "js" / "reader").glob("*.js"))


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """What `make words` finds in code and templates now."""
    template = tmp_path_factory.mktemp("words") / "words.pot"
    extract = ["extract", "--mapping-file", "pyproject.toml", "--keywords", "N_", "--output-file", template]
    command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", *extract, "."]
    subprocess.run(command, cwd=ROOT, check=True)
    with template.open("rb") as file:
        return {message.id for message in read_po(file) if message.id}


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_is_complete(collected, language):
    catalogue = catalogues.read(language)
    assert {message.id for message in catalogue if message.id} == collected
    assert [message.id for message in catalogue if message.id and not message.string.strip()] == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


def parts(text):
    """Placeholders and tags: a translation has the same, in whatever order."""
    return sorted(re.findall(r"\{\w+\}|</?\w+>", text))


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_and_markup_are_those_of_the_english_sentence(language):
    for message in catalogues.read(language):
        if message.id:
            assert parts(message.string) == parts(message.id), message.string
            assert '"' not in message.string  # it may stand in an attribute
            assert re.sub(r"</?kbd>|\{\w+\}", "", message.string).count("<") == 0


@pytest.mark.parametrize("language", OTHERS)
def test_the_scale_keeps_five_different_labels_that_a_protocol_may_have(language):
    spoken = Protocol().spoken(lambda text: translate(language, text))
    assert len(set(spoken.likert_labels)) == scale.POINTS
    assert not set(spoken.likert_labels) & set(scale.LABELS)
    assert spoken.instructions != wording.INSTRUCTIONS


def test_a_researchers_own_wordings_are_not_translated():
    own = Protocol(
        instructions="Own.",
        question="How?",
        likert_labels=(*map(str, scale.LABELS[:4]), "own"),
        cues=("texture", "vessels"),
    )
    assert own.spoken(lambda text: translate("de", text)) == own
    assert own.spoken_cues(lambda text: translate("de", text)) == (
        ("texture", "texture"),
        ("vessels", "vessels"),
    )
    built_in = Protocol(cues=("texture", "border"))
    assert built_in.spoken_cues(lambda text: translate("de", text)) == (
        ("texture", "Textur"),
        ("border", "Rand"),
    )


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de", "de"),
        (None, "de-CH,de;q=0.9,en;q=0.8", "de"),
        (None, "pt-BR, fr;q=0.5, en;q=0.4", "fr"),
        (None, "en-GB,en;q=0.9,de;q=0.8", "en"),
        (None, "en;q=0.1, ja;q=0.9", "ja"),
        (None, "zh-CN,zh;q=0.9", "zh-Hans"),
        (None, "ZH-hans-SG", "zh-Hans"),
        (None, "de;q=0, es;q=0.1", "es"),
        (None, "de;q=much, fr;q=0.2", "fr"),
        (None, "*, nl;q=0.5", "en"),
        (None, ",;=,,;q", "en"),
        ("es", "de", "es"),
        ("xx", "de", "de"),
        ("", "fr", "fr"),
    ],
)
def test_the_language_is_chosen(chosen, accepted, language):
    assert choose(chosen, accepted) == language


@pytest.mark.parametrize(
    ("language", "number", "day"),
    [
        ("en", "12,345.5", "3 February 2027"),
        ("de", "12.345,5", "3. Februar 2027"),
        ("fr", "12\u202f345,5", "3 février 2027"),
        ("es", "12.345,5", "3 de febrero de 2027"),
        ("ja", "12,345.5", "2027年2月3日"),
        ("zh-Hans", "12,345.5", "2027年2月3日"),
    ],
)
def test_numbers_and_dates_are_written_as_the_language_writes_them(language, number, day):
    assert catalogues.number(language, 12345.5) == number
    assert catalogues.day(language, date(2027, 2, 3)) == day


def test_a_sentence_is_english_text_until_it_is_translated():
    sentence = N_("An answer has at most {most} characters.", most=1000)
    assert sentence == "An answer has at most 1000 characters."
    assert translate("de", sentence) == "Eine Antwort hat höchstens 1.000 Zeichen."
    assert translate("en", sentence) == "An answer has at most 1,000 characters."
    assert translate("de", "Not marked.") == "Not marked."


def test_the_script_asks_for_the_words_that_it_is_given_and_for_no_others():
    given = [
        *reading_words.ALWAYS,
        *reading_words.BOTH,
        *reading_words.PAIRS,
        *reading_words.UNDO,
        *reading_words.EXPOSURE,
        *reading_words.CUES,
    ]
    asked = {name for script in SCRIPTS for name in spoken_names(script.read_text())}
    assert asked == set(given)
    assert len(set(given)) == len(given)


def spoken_names(script):
    """The names in calls of word(…), both ends of a condition among them."""
    calls = re.findall(r"\bword\(([^{)]*)", script)
    return [name for call in calls for name in re.findall(r'"(\w+)"', call)]


def test_no_sentence_stands_in_the_script_itself():
    """A quoted text with a space between words, or one that a line on the page gets, would stay English."""
    for script in SCRIPTS:
        code = re.sub(r"^\s*//.*$|\s//\s.*$", "", script.read_text(), flags=re.MULTILINE)
        code = re.sub(r"\$\{[^}]*\}", "0", code)
        code = re.sub(r'new (Unreachable|Error)\("[^"]*"', "", code)  # said to no reader
        quoted = [one or other for one, other in re.findall(r'"([^"\n]*)"|`([^`]*)`', code)]
        english = [text for text in quoted if re.search(r"[A-Za-z]{2,},? [a-z]{2,}", text)]
        assert [text for text in english if text not in MACHINES] == [], script.name
        assert not re.search(r'\b(say|saved)\(\s*["`][A-Za-z]|textContent = ["`][^"`]*[A-Za-z]', code), (
            script.name
        )


MACHINES = {
    "image/png, application/json",
}
