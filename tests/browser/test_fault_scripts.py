"""Scripts of faults drawn at random, in a real browser: no answer is lost, none is doubled, and the page says “Saved” only when it is."""

import os
import random
from collections import Counter
from itertools import chain, islice

import pytest
from sqlalchemy import select

from app.tables.sessions import Presentation, Rating
from tests.browser.faulty_reader import MODES, OFTEN, SELDOM, FaultyReader
from tests.servers import Server
from tests.web.conftest import Known, invite, opened, png, sample

SOAK = bool(os.environ.get("SOAK_TESTS"))
SCRIPTS = int(os.environ.get("FAULT_SCRIPTS", "200" if SOAK else "12"))
IMAGES = int(os.environ.get("FAULT_IMAGES", "50" if SOAK else "8"))  # or pairs, for each script
FAULTS = 25 if SOAK else 3  # for each script, at most
PARTS = 8 if SOAK else 2  # that can run side by side, or one after the other on several days
pytestmark = [pytest.mark.browser, pytest.mark.timeout(6 * 3600 if SOAK else 300)]


def stocked(site, client, known):
    """Sets that have enough for pairs."""
    if IMAGES <= 8:
        return known
    files = [("files", (f"{i}.png", png(1000 + i), "image/png")) for i in range(IMAGES)]
    real = client.post("/image-sets", data={"name": "More slices"}, files=files).headers["location"]
    site.work()
    synthetic = sample(client, known.checkpoint, name="More", seeds=f"0-{IMAGES - 1}")
    site.work()
    return Known(real, known.checkpoint, synthetic.headers["location"])


def session_of(site, client, known, mode):
    """An open session of so many answers."""
    each = str(IMAGES * mode.at_once // 2)
    return opened(site, client, known, n_real=each, n_synthetic=each, **mode.changes)


def decks(rng, count):
    """Faults for each script: of the slow ones at most one each, and every kind before any comes again."""
    often = chain.from_iterable(rng.sample(OFTEN, len(OFTEN)) for _ in range(count * FAULTS))
    for number in range(count):
        deck = [SELDOM[number]] if number < len(SELDOM) else []
        if SOAK:
            deck = rng.choices(SELDOM, k=3)
        deck += islice(often, FAULTS - len(deck))
        rng.shuffle(deck)
        yield deck


def stored(site, notes):
    """The ratings whose keys a reader's witness saw on their way, with the items' random names."""
    keys = {note["submission"]["key"] for note in notes if note["kind"] == "sent"}
    query = select(Presentation.token, Rating.key, Rating.answer, Rating.likert).join(
        Presentation,
        (Presentation.reading_id == Rating.reading_id) & (Presentation.item_id == Rating.item_id),
    )
    with site.parts.database.read() as db:
        return [row for row in db.execute(query) if row.key in keys]


def judge(notes, rows, mode):
    """What a script broke, in words: nothing under each where no answer is lost, doubled or falsely called saved."""
    by_kind = {kind: {} for kind in ("given", "sent", "acknowledged", "refused")}
    for note in notes:
        if note["kind"] in by_kind:
            by_kind[note["kind"]][note["submission"]["key"]] = note["submission"]
    kept = {row.key for row in rows}
    items = Counter(row.token for row in rows if not by_kind["sent"][row.key]["revises"])
    answers = {
        key: (given["item"], mode.kept_as(given.get("answer"), given["likert"]), given["likert"])
        for key, given in by_kind["sent"].items()
    }
    return {
        "doubled": [token for token, count in items.items() if count > 1],
        "not rated": IMAGES - len(items),
        "lost": by_kind["given"].keys() - kept - by_kind["refused"].keys(),
        "acknowledged, not stored": by_kind["acknowledged"].keys() - kept,
        "refused, and no other answer": [
            given["item"] for given in by_kind["refused"].values() if given["item"] not in items
        ],
        "stored otherwise": [
            row.key for row in rows if answers[row.key] != (row.token, row.answer, row.likert)
        ],
        "falsely called saved": [
            note["outstanding"] for note in notes if note["kind"] == "saved" and note["outstanding"]
        ],
    }


def scripts(part):
    """The numbers and decks of one part: the same scripts, whichever parts run."""
    every = enumerate(decks(random.Random(20261125), SCRIPTS))
    return list(every)[SCRIPTS * part // PARTS : SCRIPTS * (part + 1) // PARTS]


@pytest.mark.parametrize("part", range(PARTS))
def test_no_script_of_faults_loses_doubles_or_falsely_saves(browser, furnished, owner, known, part):
    known = stocked(furnished, owner, known)
    sessions = [(mode, session_of(furnished, owner, known, mode)) for mode in MODES.values()]
    server, happened, said = Server(furnished.settings.data_dir), set(), 0
    server.start()
    for seed, deck in scripts(part):
        mode, address = sessions[seed % len(sessions)]
        link, away = server.url + invite(owner, address), 600 if SOAK and not seed else 1
        reader = FaultyReader(browser, server, furnished, link, seed, mode, away)
        happened.update(reader.read(deck))
        notes = reader.notes()
        reader.context.close()
        broken = judge(notes, stored(furnished, notes), mode)
        assert not any(broken.values()), f"script {seed}, {mode}, {deck}: {broken}"
        said += sum(note["kind"] == "saved" for note in notes)
    server.kill()
    assert SCRIPTS < 12 or happened == {fault for _, deck in scripts(part) for fault in deck}
    assert said >= len(scripts(part))
