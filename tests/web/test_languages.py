"""The language of a reader's pages: chosen or asked for, told in every answer, kept with what the reader was told."""

import re
from dataclasses import replace
from html import unescape

import pytest
from sqlalchemy import select

from app.protocol import wording
from app.tables.sessions import Reading
from app.web.language import LANGUAGE_COOKIE
from app.words.catalogues import read
from app.words.languages import ENGLISH, LANGUAGES
from tests.web.conftest import BUILT_IN, OWNER, invite, opened, text
from tests.web.test_reading_steps import CONSENT, HIDDEN, QUESTIONS, agree, rate_all, reading

GERMAN = {"Accept-Language": "de-CH,de;q=0.9,en;q=0.5"}


@pytest.fixture
def link(furnished, owner, known):
    return invite(owner, opened(furnished, owner, known, **BUILT_IN))


def language_of(answer):
    """What the answer says of its language, in the page and in the header alike."""
    told = answer.headers["content-language"]
    if "<html" in answer.text:
        assert re.search(r'<html lang="([\w-]+)">', answer.text)[1] == told
    return told


def test_a_page_comes_in_the_language_that_the_browser_asks_for(furnished, link):
    page = furnished.browser().get(link, headers=GERMAN)
    assert language_of(page) == "de"
    assert "Sie sind eingeladen" in text(page)
    assert re.search(r"bis zum \d+\. [A-Z][a-zä]+ 20\d\d", text(page))
    assert {"Accept-Language", "Cookie"} <= set(page.headers["vary"].split(", "))
    assert page.headers.get_list("set-cookie") == []


def test_a_plain_look_at_a_link_sets_no_cookie_and_is_english_where_nothing_is_asked_for(furnished, link):
    for address in (link, f"{link}?language=tlh", f"{link}?language="):
        page = furnished.browser().get(address)
        assert language_of(page) == "en"
        assert page.headers.get_list("set-cookie") == []
    with furnished.parts.database.read() as db:
        assert db.scalars(select(Reading)).one().opened_at is None


def test_a_choice_holds_on_the_pages_that_follow(furnished, link):
    reader = furnished.browser()
    reader.headers.update(GERMAN)
    page = reader.get(f"{link}?language=fr")
    assert language_of(page) == "fr"
    (cookie,) = page.headers.get_list("set-cookie")
    assert cookie.startswith(f"{LANGUAGE_COOKIE}=fr; HttpOnly; ")
    for name in LANGUAGES.values():
        assert f">{name}<" in page.text
    assert reader.post(f"{link}?language=fr").status_code == 303
    assert language_of(reader.get("/read")) == "fr"
    assert language_of(reader.get("/read?language=ja")) == "ja"
    assert language_of(reader.get("/read")) == "ja"


def test_a_cookie_of_no_language_of_ours_chooses_nothing(furnished, link):
    reader = furnished.browser()
    reader.cookies.set(LANGUAGE_COOKIE, "xx")
    assert language_of(reader.get(link, headers=GERMAN)) == "de"


def test_the_cookie_is_kept_to_https_where_the_site_is(furnished, link):
    site = furnished.app.app.state
    site.context = replace(site.context, settings=replace(site.context.settings, secure_cookies=True))
    (cookie,) = furnished.browser().get(f"{link}?language=de").headers.get_list("set-cookie")
    assert "Secure" in cookie


def test_researchers_pages_stay_english(furnished, owner, known):
    for address in ("/", "/nowhere", known.real_set):
        page = owner.get(address, headers=GERMAN)
        assert '<html lang="en">' in page.text
        assert "content-language" not in page.headers
    refused = furnished.browser().post("/sign-in", data={"email": OWNER, "password": "x"}, headers=GERMAN)
    assert "Sign in" in refused.text


def test_what_was_told_is_kept_in_its_language_and_told_again_in_another(furnished, link):
    reader = furnished.browser()
    reader.headers.update(GERMAN)
    reader.post(link)
    assert "sicher synthetisch" in text(reader.get("/read"))
    reader.post("/read/start")
    kept = reading(furnished).told
    assert kept["language"] == "de"
    assert kept["likert_labels"][0] == "sicher synthetisch"
    assert kept["sentences"][0].startswith("Sie sehen nacheinander")
    assert kept["sentences"][1] == "Die Bilder können in jedem Verhältnis gemischt sein."
    assert "Ist dieses Bild real oder synthetisch?" in text(reader.get("/read/rate"))
    away = reader.get("/read/rate?language=es")
    assert away.headers["location"] == "/read?language=es"
    assert "con certeza real" in text(reader.get(away.headers["location"]))
    assert reader.get("/read/rate").headers["location"] == "/read"
    reader.post("/read/start")
    reader.post("/read/start")
    assert "¿Es esta imagen real o sintética?" in text(reader.get("/read/rate"))
    told = reading(furnished).told
    assert {name: told[name] for name in kept} == kept
    (later,) = told["later"]
    assert (later["language"], later["likert_labels"][4]) == ("es", "con certeza real")


def test_a_reading_that_began_before_languages_were_kept_was_told_in_english(furnished, link):
    reader = furnished.browser()
    reader.post(link)
    reader.post("/read/start")
    with furnished.parts.database.write() as db:
        begun = db.scalars(select(Reading)).one()
        begun.told = {name: said for name, said in begun.told.items() if name != "language"}
    assert reader.get("/read/rate").status_code == 200
    assert reader.get("/read/rate", headers=GERMAN).headers["location"] == "/read"


def test_a_researchers_own_words_stay_theirs(furnished, owner, known):
    reader = furnished.browser()
    reader.headers.update(GERMAN)
    session = opened(furnished, owner, known, cues="texture, vessels", disclose_ratio="true", **QUESTIONS)
    reader.post(invite(owner, session))
    page = text(reader.get("/read"))
    assert "Years of experience?" in page
    assert "(freiwillig)" in page
    refused = reader.post("/read/questionnaire", data={"q1": "1.000"})
    assert "ohne Tausendertrennzeichen an: Years of experience?" in text(refused)
    reader.post("/read/questionnaire", data={"q1": "１２．５"})
    assert reading(furnished).about[0]["answer"] == 12.5
    page = text(reader.get("/read"))
    assert "Look at each image and say what you think." in page
    assert "rather fake" in page
    assert "Von den 8 Bildern sind 4 real und 4 synthetisch." in page
    reader.post("/read/start")
    assert 'data-cue="vessels" aria-pressed="false">vessels<' in reader.get("/read/rate").text


def test_built_in_words_for_marks_are_shown_translated_and_stored_as_they_are(furnished, owner, known):
    reader = furnished.browser()
    reader.headers.update(GERMAN)
    reader.post(invite(owner, opened(furnished, owner, known, cues="texture, border")))
    reader.post("/read/start")
    page = reader.get("/read/rate")
    assert 'data-cue="texture" aria-pressed="false">Textur<' in page.text
    rate_all(reader, marks=[{"cue": "texture", "x": 0.5, "y": 0.5}])


def test_refusals_are_said_in_the_readers_language(furnished, link):
    reader = furnished.browser()
    reader.headers.update(GERMAN)
    unknown = reader.get("/r/unknown")
    assert unknown.status_code == 404
    assert language_of(unknown) == "de"
    assert "Dieser Link ist nicht gültig." in text(unknown)
    assert "Bitte öffnen Sie Ihren persönlichen Link." in text(reader.get("/read"))
    assert "Hier ist nichts." in text(reader.get("/read/nowhere"))
    reader.post(link)
    refused = reader.get("/read/state", headers={"Accept": "application/json"})
    assert (refused.status_code, language_of(refused)) == (409, "de")
    assert refused.json() == {"error": "Bitte lesen Sie zuerst die Anleitung."}
    bad = reader.post("/read/ratings", json={"item": 1})
    assert bad.json()["error"].startswith("Das Feld „")
    long = reader.post("/read/ratings", json={"item": "x" * 300_000})
    assert long.json()["error"].startswith("Dies ist länger als alles")
    foreign = reader.post("/read/start", headers={"Origin": "https://elsewhere.example"})
    assert foreign.text == "Dies kam von einer anderen Website und wurde abgelehnt."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hidden_purpose_is_named_in_no_language_before_the_debrief(furnished, owner, known, language):
    hidden = {
        **HIDDEN,
        "allow_undo": "true",
        "exposure_ms": "500",
        "block_size": "4",
        "display_check": "true",
    }
    link = invite(
        owner, opened(furnished, owner, known, consent=CONSENT, cues="blur, noise", remarks="true", **hidden)
    )
    reader = furnished.browser()
    pages = [reader.get(f"{link}?language={language}")]
    reader.post(link)
    pages.append(reader.get("/read"))
    agree(reader)
    pages.append(reader.get("/read"))
    reader.post("/read/display", data={"seen": "all"})
    pages.append(reader.get("/read"))
    reader.post("/read/start")
    pages.append(reader.get("/read/rate"))
    for page in pages:
        assert (page.status_code, language_of(page)) == (200, language)
        assert wording.names_purpose(words_of(page)) == "", words_of(page)
    assert '"exposure_over"' in pages[-1].text


def words_of(page):
    """All that a page says: texts, what is said aloud, and the sentences for its script."""
    spoken = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', page.text)
    return unescape(" ".join([re.sub(r"<[^>]*>", " ", page.text), *spoken]))


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != ENGLISH])
def test_the_purpose_is_found_in_every_language(language):
    catalogue = read(language)
    for message in ("This image is real.", "This image is synthetic.", "Choose real or synthetic."):
        assert wording.names_purpose(catalogue.get(message).string), message
