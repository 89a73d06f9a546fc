"""A session's life: draft, frozen, open, closed; readers' links; what each state allows."""

import json
import re

import pytest

from tests.web.conftest import (
    ADMIN,
    OTHER,
    REASON,
    create,
    ident,
    invite,
    opened,
    png,
    read_all,
    sample,
    text,
)


def test_it_works(furnished, owner, known):
    assert owner.get("/sessions/new").status_code == 200
    answer = create(owner, known)
    assert answer.status_code == 303
    address = answer.headers["location"]
    assert ">draft<" in owner.get(address).text
    assert owner.post(f"{address}/freeze").headers["location"] == address
    assert "Waiting for the worker" in owner.get(address).text
    furnished.work()
    frozen = owner.get(address).text
    assert ">frozen<" in frozen
    assert re.search(r"\b[0-9a-f]{64}\b", frozen)
    owner.post(f"{address}/open", data={"reason": REASON})
    assert ">open<" in owner.get(address).text
    assert read_all(furnished, invite(owner, address), lambda *_: ("real", 4)) == 8
    page = text(owner.get(address))
    assert "R01" in page
    assert "finished, 8 of 8" in page
    owner.post(f"{address}/close")
    closed = owner.get(address).text
    assert ">closed<" in closed
    assert "this is logged" in closed


def test_readers_are_told_what_the_researcher_wrote(furnished, owner, known):
    address = opened(furnished, owner, known, public_title="Knee images", disclose_ratio="true", n_real="3")
    reader = furnished.browser()
    link = invite(owner, address)
    landing = text(reader.get(link))
    assert "Knee images" in landing
    assert "Pilot" not in landing
    reader.post(link)
    welcome = text(reader.get("/read"))
    assert "Look at each image and say what you think." in welcome
    assert "3 of the 7 images are real and 4 are synthetic." in welcome
    reader.post("/read/start")
    assert "fake for sure" in text(reader.get("/read/rate"))


def test_the_mix_is_not_told_unless_asked_for(furnished, owner, known):
    address = opened(furnished, owner, known)
    reader = furnished.browser()
    reader.post(invite(owner, address))
    assert "any proportion" in text(reader.get("/read"))
    assert "4 are synthetic" not in text(reader.get("/read"))


def test_all_stimuli_have_one_length_whatever_they_are(furnished, owner, known):
    seen = []
    link = invite(owner, opened(furnished, owner, known))
    read_all(furnished, link, lambda _, data: seen.append(data) or ("real", 3))
    assert len({len(data) for data in seen}) == 1
    assert len({*seen}) == 8
    assert all(b"tEXt" not in data and b"gAMA" not in data for data in seen)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "Give a name"),
        ({"public_title": " "}, "Give a name"),
        ({"n_real": "many"}, "The number of real images is a whole number"),
        ({"n_real": "0"}, "The number of real images is a whole number"),
        ({"n_real": "9" * 5000}, "The number of real images is a whole number"),
        ({"title": "a\x07b"}, "no control characters"),
        ({"n_synthetic": "-3"}, "The number of synthetic images is a whole number"),
        ({"n_real": "9"}, "asks for 9 real images, but the set “Real slices” has only 8"),
        ({"n_synthetic": "200"}, "asks for 200 synthetic images, but the set “Samples” has only 8"),
        ({"instructions": ""}, "The instructions need"),
        ({"instructions": "x" * 5001}, "The instructions need"),
        ({"likert_labels": ["a", "b", "c", "d"]}, "each of its 5 points"),
        ({"likert_labels": ["a", "b", "c", "d", ""]}, "Each wording"),
        ({"likert_labels": ["a", "b", "c", "d", "d"]}, "the same wording"),
    ],
)
def test_a_design_that_cannot_be_used_gets_a_sentence(owner, known, changes, sentence):
    answer = create(owner, known, **changes)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "No sessions yet" in owner.get("/sessions").text


@pytest.mark.parametrize("title", ["StyleGAN2 real vs fake", "GAN images", "style gan"])
def test_a_title_for_readers_that_names_the_method_is_refused(owner, known, title):
    refused = create(owner, known, public_title=title)
    assert refused.status_code == 422
    assert "says nothing of how images were made" in text(refused)


def test_organs_and_their_vessels_are_no_method(owner, known):
    assert create(owner, known, public_title="Organs of the abdomen, Ganglia").status_code == 303


def test_the_two_sets_cannot_be_swapped(owner, known):
    swapped = {"real_set_id": ident(known.synthetic_set), "synthetic_set_id": ident(known.real_set)}
    assert create(owner, known, **swapped).status_code == 404


def test_sets_of_different_sizes_are_refused_because_that_would_tell(furnished, owner, known):
    files = [("files", (f"{i}.png", png(i, 32))) for i in range(4)]
    larger = owner.post("/image-sets", data={"name": "Larger"}, files=files).headers["location"]
    furnished.work()
    answer = create(owner, known, real_set_id=ident(larger))
    assert answer.status_code == 422
    assert "The real images are 32 × 32 grey and the synthetic ones 16 × 16 grey" in text(answer)


def test_a_set_that_is_being_filled_has_to_be_waited_for(owner, known):
    waiting = sample(owner, known.checkpoint).headers["location"]
    answer = create(owner, known, synthetic_set_id=ident(waiting))
    assert answer.status_code == 409
    assert "wait for its job" in text(answer)


@pytest.mark.parametrize("act", ["open", "close"])
def test_a_draft_can_only_be_frozen(owner, known, act):
    address = create(owner, known).headers["location"]
    assert owner.post(f"{address}/{act}").status_code == 409
    assert owner.post(f"{address}/readers").status_code == 409
    assert ">draft<" in owner.get(address).text


def test_freezing_twice_is_once(furnished, owner, known):
    address = create(owner, known).headers["location"]
    assert [owner.post(f"{address}/freeze").status_code for _ in range(2)] == [303, 303]
    furnished.work()
    manifest = re.search(r"\b[0-9a-f]{64}\b", owner.get(address).text)[0]
    assert owner.post(f"{address}/freeze").status_code == 409
    furnished.work()
    assert manifest in owner.get(address).text


def test_a_cancelled_freeze_leaves_the_draft(furnished, owner, known):
    address = create(owner, known).headers["location"]
    owner.post(f"{address}/freeze")
    job = re.search(r'data-job="([0-9a-f]{32})"', owner.get(address).text)[1]
    owner.post(f"/jobs/{job}/cancel", data={"back": address})
    furnished.work()
    assert ">draft<" in owner.get(address).text
    assert "Freeze</button>" in re.sub(r"\s+<", "<", owner.get(address).text)
    owner.post(f"{address}/freeze")
    furnished.work()
    assert ">frozen<" in owner.get(address).text


def test_nobody_rates_before_the_opening_or_after_the_closing(furnished, owner, known):
    address = create(owner, known).headers["location"]
    owner.post(f"{address}/freeze")
    furnished.work()
    reader = furnished.browser()
    reader.post(invite(owner, address))
    assert "not been opened yet" in text(reader.get("/read"))
    assert reader.post("/read/start").status_code == 409
    owner.post(f"{address}/open", data={"reason": REASON})
    assert reader.post("/read/start").status_code == 303
    item = reader.get("/read/state").json()["current"]
    owner.post(f"{address}/close")
    body = {"item": item, "answer": "real", "likert": 4, "key": "k" * 16, "shown_ms": 1.0}
    refused = reader.post("/read/ratings", json=body)
    assert refused.status_code == 423
    assert "closed" in refused.json()["error"]
    assert owner.post(f"{address}/readers").status_code == 409


def test_a_link_is_shown_once_and_kept_as_a_hash(furnished, owner, known):
    address = opened(furnished, owner, known)
    token = invite(owner, address).removeprefix("/r/")
    assert len(token) >= 22  # 128 bits and more
    assert token not in owner.get(address).text
    for path in furnished.settings.data_dir.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_a_revoked_link_is_dead_and_what_was_rated_stays(furnished, owner, known):
    address = opened(furnished, owner, known)
    link = invite(owner, address, "R07")
    reader = furnished.browser()
    reader.post(link)
    reader.post("/read/start")
    item = reader.get("/read/state").json()["current"]
    body = {"item": item, "answer": "real", "likert": 4, "key": "k" * 16, "shown_ms": 1.0}
    reader.post("/read/ratings", json=body)
    assert owner.post(act_on(owner, address, "revoke")).status_code == 303
    assert reader.get("/read/state").status_code == 401
    assert furnished.browser().get(link).status_code == 404
    assert "revoked, 1 of 8" in text(owner.get(address))


def test_a_new_link_replaces_the_old_one_and_goes_on_where_it_stopped(furnished, owner, known):
    address = opened(furnished, owner, known)
    old = invite(owner, address)
    page = owner.post(act_on(owner, address, "renew"))
    new = "/r/" + page.text.partition("/r/")[2].partition('"')[0]
    assert old != new
    assert furnished.browser().get(old).status_code == 404
    assert read_all(furnished, new, lambda *_: ("synthetic", 2)) == 8


def test_codes_are_given_out_in_turn_and_only_once(furnished, owner, known):
    address = opened(furnished, owner, known)
    invite(owner, address)
    invite(owner, address)
    page = owner.get(address).text
    assert "R01" in page
    assert "R02" in page
    again = owner.post(f"{address}/readers", data={"code": "R01"})
    assert again.status_code == 409
    assert "invited already" in text(again)


@pytest.mark.parametrize("code", ["jane@hospital.example", "x" * 41, "a\x07b"])
def test_a_code_is_no_address_and_no_novel(furnished, owner, known, code):
    address = opened(furnished, owner, known)
    assert owner.post(f"{address}/readers", data={"code": code}).status_code == 422


def test_a_reader_of_another_session_is_unknown_in_this_one(furnished, owner, known):
    first, second = opened(furnished, owner, known), opened(furnished, owner, known)
    invite(owner, first)
    foreign = act_on(owner, first, "revoke").replace(ident(first), ident(second))
    assert owner.post(foreign).status_code == 404


def test_links_point_to_the_public_address_where_one_is_set(furnished, owner, known):
    address = opened(furnished, owner, known)
    assert "http://testserver/r/" in owner.post(f"{address}/readers").text


def test_no_page_of_a_session_tells_which_item_is_which(furnished, owner, known):
    address = opened(furnished, owner, known)
    sets = [owner.get(known.real_set).text, owner.get(known.synthetic_set).text]
    ids = {image for page in sets for image in re.findall(r"/images/([0-9a-f]{32})\.png", page)}
    assert len(ids) == 16
    page = owner.get(address).text
    assert not [image for image in ids if image in page]


def test_another_researcher_neither_sees_nor_moves_it(furnished, owner, known):
    address = opened(furnished, owner, known)
    other = furnished.browser(OTHER)
    assert "Pilot" not in other.get("/sessions").text
    assert other.get(address).status_code == 404
    assert other.post(f"{address}/close").status_code == 404
    assert ">open<" in owner.get(address).text
    assert furnished.browser(ADMIN).get(address).status_code == 200


def test_nobody_builds_a_session_from_another_researcher_s_sets(furnished, known):
    assert create(furnished.browser(OTHER), known).status_code == 404


def test_the_manifest_is_what_the_page_says(furnished, owner, known):
    address = opened(furnished, owner, known)
    shown = re.search(r"\b[0-9a-f]{64}\b", owner.get(address).text)[0]
    owner.post(f"{address}/close")
    exported = json.loads(owner.get(f"{address}/export/manifest.json").content)
    assert exported["manifest_sha256"] == shown
    assert len(exported["manifest"]["stimuli"]) == 8
    assert len({stimulus["sha256"] for stimulus in exported["manifest"]["stimuli"]}) == 8


def act_on(owner, address: str, act: str) -> str:
    """The address of the button that does this to the session's first reader."""
    return re.search(rf'action="({address}/readers/[0-9a-f]{{32}}/{act})"', owner.get(address).text)[1]


def test_many_readers_are_invited_by_a_list(furnished, owner, known):
    address = opened(furnished, owner, known)
    page = owner.post(f"{address}/readers/list", data={"codes": "code,site\nR01,Basel\n\n =R02 \nR03"})
    assert page.status_code == 200
    links = re.findall(r"<code>[^<]*(/r/[^<]+)</code>", page.text)
    assert len(set(links)) == 3
    assert [furnished.browser().get(link).status_code for link in links] == [200] * 3
    assert "&#39;=R02" in page.text
    listed = text(owner.get(address))
    assert all(code in listed for code in ("R01", "=R02", "R03"))


@pytest.mark.parametrize(
    ("codes", "status", "sentence"),
    [
        ("", 422, "List 1 to 200 codes"),
        ("\n".join(f"R{n}" for n in range(201)), 422, "List 1 to 200 codes"),
        ("R05\nR06\nR05", 422, "“R05” is listed twice"),
        ("R05\nR01,a@example.org", 422, "Row 2: Reader R01 is invited already, but not by this e-mail"),
        ("R05\nann@example.org", 422, "not an e-mail address"),
    ],
)
def test_a_list_is_taken_whole_or_not_at_all(furnished, owner, known, codes, status, sentence):
    address = opened(furnished, owner, known)
    invite(owner, address, "R01")
    refused = owner.post(f"{address}/readers/list", data={"codes": codes})
    assert refused.status_code == status
    assert sentence in text(refused)
    assert ">R05<" not in owner.get(address).text


def test_a_protocol_goes_from_one_session_to_another(owner, known):
    first = create(owner, known, block_size="3", remarks="true", consent="Do you agree?").headers["location"]
    file = owner.get(f"{first}/protocol.json")
    assert file.headers["content-disposition"] == 'attachment; filename="protocol.json"'
    sets = {"real_set_id": ident(known.real_set), "synthetic_set_id": ident(known.synthetic_set)}
    form = {"title": "Again", "public_title": "Slices", "n_real": "4", "n_synthetic": "4", **sets}
    sent = {"protocol_file": ("protocol.json", file.content, "application/json")}
    second = owner.post("/sessions", data=form, files=sent).headers["location"]
    assert owner.get(f"{second}/protocol.json").content == file.content
    refused = owner.post(
        "/sessions", data=form, files={"protocol_file": ("p.json", b"[]", "application/json")}
    )
    assert refused.status_code == 422
    assert "holds no protocol" in text(refused)


def test_a_protocol_is_the_owners(furnished, owner, known):
    address = create(owner, known).headers["location"]
    assert furnished.browser(OTHER).get(f"{address}/protocol.json").status_code == 404


def test_sessions_are_found_by_their_title(owner, known):
    create(owner, known, title="Liver, first readers")
    create(owner, known, title="Brain 100%")
    page = text(owner.get("/sessions", params={"q": "liver"}))
    assert "Liver, first readers" in page
    assert "Brain" not in page
    assert "Brain 100%" in text(owner.get("/sessions", params={"q": "0%"}))
    nothing = text(owner.get("/sessions", params={"q": "_x%"}))
    assert "No session has “_x%” in its title." in nothing
    assert "Show all" in nothing
