"""The audit's job: stopped between any two images it keeps nothing; large sessions are sampled; what warns and what blocks."""

import threading

import numpy as np
import pytest
from sqlalchemy import select

from app import clock, rehearsal, worker
from app.blinding.transport import Drift, TransportAudit
from app.errors import ConflictError
from app.rehearsal.audit import audit, said
from app.services import auditing, sessions
from app.tables.audits import Audit
from tests import studies

EVEN = Drift(0.5, 0.9, 0.1, 0.2)
ODD, OUT = Drift(0.65, 0.04, 0.1, 0.2), Drift(0.9, 0.0005, 0.1, 0.2)


@pytest.fixture
def frozen(parts, researcher):
    """A frozen session whose audit waits for the worker; its id."""
    session_id = studies.draft(parts, researcher, *studies.heads(each=4))
    with parts.database.write() as db:
        sessions.start_freeze(db, researcher, session_id, parts.settings.secret_key, clock.now())
    worker.run_one(parts, "test:1:1", threading.Event())
    return session_id


def audits_of(parts):
    with parts.database.read() as db:
        return list(db.scalars(select(Audit)))


@pytest.mark.parametrize("steps", [0, 3, 8])
def test_an_audit_that_is_stopped_keeps_nothing(parts, frozen, steps):
    (waiting,) = audits_of(parts)
    told = []

    def alive(done, total):
        told.append((done, total))
        return len(told) <= steps

    audit(parts.settings, parts.database, parts.artifacts, waiting.id, "user:x", alive)
    assert {total for _, total in told} == {9}
    (still,) = audits_of(parts)
    assert (still.result, still.finished_at) == (None, None)
    worker.run_until_idle(parts)
    assert audits_of(parts)[0].finished_at


def test_a_second_rehearsal_that_is_stopped_keeps_nothing(parts, frozen, monkeypatch):
    (waiting,) = audits_of(parts)
    calls = []

    def alive(done, total):
        calls.append(done)
        return calls.count(8) < 2

    monkeypatch.setattr(Drift, "beyond_999", property(lambda _: True))
    audit(parts.settings, parts.database, parts.artifacts, waiting.id, "user:x", alive)
    assert audits_of(parts)[0].result is None


def test_a_large_session_is_sampled_by_its_mix(parts, frozen, monkeypatch):
    monkeypatch.setattr(auditing, "MOST_PIXELS", 64 * 64 * 6)
    rng = np.random.default_rng(1)
    with parts.database.read() as db:
        sample = auditing.sample(db, parts.artifacts, frozen, rng)
        whole = auditing.truth(db, frozen)
    assert len(sample.numbers) == 6
    assert sample.synthetic.sum() == 3
    assert list(sample.numbers) == sorted(sample.numbers)
    assert [whole[number] for number in sample.numbers] == sample.synthetic.tolist()
    assert sample.images.shape == (6, 64, 64)


def test_near_and_exact_copies_are_told(parts, researcher):
    images, synthetic = studies.heads(each=6)
    real, made = np.flatnonzero(~synthetic), np.flatnonzero(synthetic)
    images[made[0]] = images[real[0]]
    images[made[1]] = (images[real[1]].astype(int) + 1).clip(0, 255)
    images[made[2]] = images[real[0]]
    sample = auditing.Sample(tuple(range(1, 13)), images, synthetic)
    found = auditing.measure(sample, np.random.default_rng(1)).result
    assert found["warnings"][0] == "2 images are in the session more than once."
    assert found["warnings"][1].startswith("1 synthetic image is nearly the same as a real one")
    closest = {tuple(pair[:2]) for pair in found["neighbours"]["pairs"][:2]}
    assert closest == {(made[0] + 1, real[0] + 1), (made[2] + 1, real[0] + 1)}


def test_a_session_that_cannot_be_read_is_no_audit(parts, frozen, monkeypatch):
    def broken(settings):
        async def app(_scope, _receive, send):
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        app.state = inner(settings).state
        return app

    inner = rehearsal.create_app
    monkeypatch.setattr(rehearsal, "create_app", broken)
    with (
        rehearsal.of_session(parts.settings, parts.database, frozen) as stage,
        pytest.raises(ConflictError, match="the link was answered with status 500"),
    ):
        stage.read(lambda _: True)


def runs(*drifts, differences=()):
    return [TransportAudit(8, differences, drift, EVEN) for drift in drifts]


def test_exact_differences_block():
    told = said(runs(EVEN, differences=("The headers differ.",)))
    assert (told["blocks"], told["warnings"]) == (["The headers differ."], [])


def test_statistical_ones_warn_beyond_95_and_block_beyond_999_in_two_runs_of_two():
    assert said(runs(EVEN))["warnings"] == []
    for drifts in ((ODD,), (OUT, EVEN), (OUT, ODD)):
        told = said(runs(*drifts))
        assert told["blocks"] == []
        assert told["warnings"][0].startswith("The time until an image has come may go with the truth (AUC")
    told = said(runs(OUT, OUT))
    assert told["warnings"] == []
    assert "in two rehearsals of two (AUC 0.90" in told["blocks"][0]
