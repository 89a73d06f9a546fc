"""A design: begun from nothing, a template or another session; changed, discarded, kept; a refused form keeps what was typed."""

import pytest

from app.protocol import exchange, typed
from app.protocol import templates as built_in
from app.protocol.design import Protocol
from app.protocol.filled import fields
from app.protocol.practice import Practice
from app.protocol.questions import Question
from tests.web.conftest import FORM, OTHER, create, ident, text

WHOLE = Protocol(
    instructions="Look.",
    show_progress=False,
    allow_undo=True,
    remarks=True,
    cues=("edge", "hair"),
    consent="Agree?",
    questions=(
        Question("Years?", kind="number", required=True),
        Question("Which?", kind="choice", choices=("a", "b"), after=True),
    ),
    practice=Practice(real=1, synthetic=2, pass_mark=2),
    block_size=5,
    repeats=2,
    repeat_lag=3,
    anchors=2,
    parts=3,
    parts_read=2,
    exposure_ms=500,
    display_check=True,
    smallest_width=800,
    margin=0.075,
    mends=("clip",),
)


@pytest.mark.parametrize("protocol", [Protocol(), WHOLE, *(one.protocol for one in built_in.BUILT_IN)])
def test_a_form_holds_a_whole_protocol(protocol):
    assert typed.protocol(fields(protocol)) == protocol


def test_each_built_in_template_fills_the_form(owner):
    page = text(owner.get("/sessions/new"))
    for one in built_in.BUILT_IN:
        assert one.name in page
        filled = text(owner.get("/sessions/new", params={"template": one.key}))
        assert one.protocol.instructions in filled
        assert one.protocol.question in filled
    assert owner.get("/sessions/new", params={"template": "none such"}).status_code == 404


def test_a_refused_design_comes_back_with_what_was_typed(owner, known):
    answer = create(
        owner, known, n_real="900", title="My long title", consent="Typed for an hour.", catch="1"
    )
    assert answer.status_code == 422
    page = text(answer)
    assert "has only 8" in page
    for kept in ('value="900"', 'value="My long title"', "Typed for an hour."):
        assert kept in page


def test_a_refused_design_keeps_the_protocol_of_its_file(owner, known):
    file = {"protocol_file": ("protocol.json", exchange.written(WHOLE), "application/json")}
    form = {**FORM, "real_set_id": ident(known.real_set), "synthetic_set_id": ident(known.synthetic_set)}
    answer = owner.post("/sessions", data={**form, "n_real": "900"}, files=file)
    assert answer.status_code == 422
    page = text(answer)
    assert "Agree?" in page
    assert 'value="900"' in page


def test_a_draft_is_changed_until_it_is_frozen(furnished, owner, known):
    address = create(owner, known, remarks="true").headers["location"]
    form = text(owner.get(f"{address}/design"))
    assert "Change the draft" in form
    refused = create(owner, known, f"{address}/design", n_real="0")
    assert refused.status_code == 422
    assert "Nothing was saved" in text(refused)
    changed = create(owner, known, f"{address}/design", n_real="3", title="Changed")
    assert changed.headers["location"] == address
    page = text(owner.get(address))
    assert "Changed" in page
    assert "3 of" in page
    assert "; remarks" not in page
    owner.post(f"{address}/freeze")
    assert create(owner, known, f"{address}/design").status_code == 409  # it is being frozen
    furnished.work()
    assert "its design cannot be changed" in text(create(owner, known, f"{address}/design"))
    assert owner.post(f"{address}/discard").status_code == 409


def test_a_draft_is_discarded(owner, known):
    address = create(owner, known).headers["location"]
    assert owner.post(f"{address}/discard").headers["location"] == "/sessions"
    assert owner.get(address).status_code == 404


def test_another_session_begins_from_one(owner, known):
    address = create(owner, known, consent="As before.", n_synthetic="5").headers["location"]
    form = text(owner.get("/sessions/new", params={"session": address.rpartition("/")[2]}))
    assert "As before." in form
    assert 'value="5"' in form


def test_a_template_of_ones_own(furnished, owner, known):
    address = create(owner, known, consent="Kept.").headers["location"]
    owner.post(f"{address}/template", data={"name": "Mine"})
    owner.post(f"{address}/template", data={"name": "Mine"})
    page = text(owner.get("/sessions/new"))
    assert page.count(">Mine<") == 1
    key = page.split("/sessions/templates/")[1].split("/")[0]
    assert "Kept." in text(owner.get("/sessions/new", params={"template": key}))
    other = furnished.browser(OTHER)
    assert "Mine" not in text(other.get("/sessions/new"))
    assert other.get("/sessions/new", params={"template": key}).status_code == 404
    assert other.post(f"/sessions/templates/{key}/discard").status_code == 404
    assert owner.post(f"/sessions/templates/{key}/discard").status_code == 303
    assert ">Mine<" not in text(owner.get("/sessions/new"))
    assert owner.post(f"{address}/template", data={"name": ""}).status_code == 422
