"""A design: begun from nothing, a template or another session; changed, discarded, kept; a refused form keeps what was typed."""

import pytest

from app.protocol import exchange, typed
from app.protocol import templates as built_in
from app.protocol.design import Protocol
from app.protocol.filled import fields
from app.protocol.practice import Practice
from app.protocol.questions import Question
from app.protocol.wording import INSTRUCTIONS
from tests.web.conftest import ADMIN, FORM, OTHER, create, ident, sample, text

WHOLE = Protocol(
    instructions="Look.",
    show_progress=False,
    allow_undo=True,
    remarks=True,
    cues=("edge, blurred", "hair", '"lump", say', '2" ring'),
    consent="Agree?",
    questions=(
        Question("Years?", kind="number", required=True),
        Question("Which?", kind="choice", choices=("a", "b, or c"), after=True),
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


def test_commas_of_ones_own_survive_the_form(owner, known):
    cues = '"edge, blurred", hair'
    questions = {
        "question_text": ["Where?"],
        "question_kind": ["choice"],
        "question_choices": ['"Bonn, Rhein", Köln'],
        "question_required": [""],
        "question_when": ["before"],
    }
    address = create(owner, known, cues=cues, **questions).headers["location"]
    assert "marks: edge, blurred, hair" in text(owner.get(address))
    form = text(owner.get(f"{address}/design"))
    assert f'value="{cues}"' in form
    assert 'value=""Bonn, Rhein", Köln"' in form  # with its entities resolved
    unclosed = create(owner, known, cues='"edge, hair')
    assert unclosed.status_code == 422
    assert "What begins with a quotation mark ends with one" in text(unclosed)


MODES = {
    one: typed.protocol({"answering": [one], "instructions": [INSTRUCTIONS]})
    for one in ("both", "likert", "pairs")
}


@pytest.mark.parametrize("begun", MODES)
@pytest.mark.parametrize("changed", MODES)
def test_wordings_that_come_with_what_is_asked_change_with_it(begun, changed):
    typed_so = {**fields(MODES[begun]), "answering": [changed]}
    assert typed.protocol(typed_so) == MODES[changed]
    own = {**typed_so, "instructions": ["Look well."], "question": ["How good?"]}
    found = typed.protocol(own)
    assert (found.instructions, found.question) == ("Look well.", "How good?")
    assert found.likert_labels == MODES[changed].likert_labels


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


def still_filling(owner, known):
    """A set whose job has not ended."""
    return ident(sample(owner, known.checkpoint, name="On its way", seeds="50-53").headers["location"])


def test_a_set_that_is_still_being_filled_does_not_cost_what_was_typed(furnished, owner, known):
    early = still_filling(owner, known)
    refused = create(owner, known, synthetic_set_id=early, consent="Typed for an hour.")
    assert refused.status_code == 409
    page = text(refused)
    assert "is still being filled" in page
    assert "Typed for an hour." in page
    assert 'action="/sessions"' in page
    address = create(owner, known).headers["location"]
    revised = create(owner, known, f"{address}/design", synthetic_set_id=early, consent="Typed again.")
    assert revised.status_code == 409
    assert "Typed again." in text(revised)
    assert f'action="{address}/design"' in text(revised)


def test_a_set_that_is_gone_does_not_cost_what_was_typed(owner, known):
    refused = create(owner, known, real_set_id="f" * 32, consent="Typed for an hour.")
    assert refused.status_code == 404
    assert "Typed for an hour." in text(refused)


@pytest.mark.parametrize("meanwhile", ["freeze", "discard"])
def test_what_was_typed_for_a_draft_that_is_none_any_more_can_become_a_new_one(
    furnished, owner, known, meanwhile
):
    address = create(owner, known).headers["location"]
    furnished.browser(ADMIN).post(f"{address}/{meanwhile}")
    furnished.work()
    refused = create(owner, known, f"{address}/design", consent="Typed for an hour.")
    assert refused.status_code == (409 if meanwhile == "freeze" else 404)
    page = text(refused)
    assert "Typed for an hour." in page
    assert "<h1>New session</h1>" in page
    assert 'action="/sessions"' in page


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


def test_a_draft_shows_pictures_of_its_sets(owner, known):
    page = owner.get(create(owner, known).headers["location"]).text
    for images in (known.real_set, known.synthetic_set):
        assert f'src="{images}/images/' in page
