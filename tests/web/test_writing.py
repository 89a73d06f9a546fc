"""Writing in the pixels: shown with its place, judged by a person, and nothing is frozen before."""

import io

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from app.services import audit, signoff
from app.tables.audit import AuditEvent
from tests.factories_dicom import slice_dataset
from tests.imaging import written
from tests.web.conftest import ADMIN, FORM, OTHER, OWNER, ident, png, sample, text
from tests.web.test_imagesets import upload

BLACK = {"black": np.zeros((300, 300), np.uint8)}


def with_text(seed):
    out = io.BytesIO()
    Image.fromarray(written.sample(BLACK, 1, seed)[0].pixels).save(out, format="PNG")
    return out.getvalue()


def imported(site, client, *files, **fields):
    address = upload(client, *files, **fields).headers["location"]
    site.work()
    return address


def suspects(client, address):
    """The images that wait, by their ids."""
    parts = client.get(address).text.split(f'href="{address}/writing/')[1:]
    return [part.partition(".png")[0] for part in parts]


def clear(client, address, *images):
    return client.post(f"{address}/writing/clear", data={"image": images})


def take_out(client, address, image):
    return client.post(f"{address}/writing/take-out", data={"image": image})


@pytest.fixture
def written_set(site):
    """The owner's browser and a set of two images with text and one without."""
    owner = site.browser(OWNER)
    return owner, imported(site, owner, ("a", with_text(1)), ("b", png(1)), ("c", with_text(2)))


def test_it_works(site, written_set):
    owner, address = written_set
    page = text(owner.get(address))
    assert "2 images may show a name" in page
    assert "File 1: some seems to be in the frame." in page
    assert "File 3: some seems to be in the frame." in page
    first, second = suspects(owner, address)
    seen = owner.get(f"{address}/writing/{first}.png")
    with Image.open(io.BytesIO(seen.content)) as image:
        assert (image.size, image.mode) == ((300, 300), "RGB")
        assert ((np.asarray(image) == (255, 170, 0)).all(axis=2)).sum() > 40  # the frame
    assert clear(owner, address, first).headers["location"] == f"{address}#writing"
    assert suspects(owner, address) == [second]
    assert take_out(owner, address, second).status_code == 303
    page = text(owner.get(address))
    assert "Nothing is left to look at." in page
    assert "1 image was looked at" in page
    assert owner.get(f"{address}/images/{second}.png").status_code == 404


def test_who_said_so_and_when_is_in_the_audit_trail(site, written_set):
    owner, address = written_set
    first, second = suspects(owner, address)
    clear(owner, address, first)
    clear(owner, address, first)  # says nothing new
    take_out(owner, address, second)
    with site.parts.database.read() as db:
        told = list(db.scalars(select(AuditEvent).order_by(AuditEvent.number)))
        assert audit.first_break(db, site.settings.secret_key) is None
    assert [(e.action, e.details["images"]) for e in told] == [
        ("no identifying text", [first]),
        ("image taken out for its text", [second]),
    ]
    assert {e.subject for e in told} == {f"image set:{ident(address)}"}
    assert all(e.actor.startswith("user:") for e in told)


def test_the_pixels_of_an_image_that_was_taken_out_are_deleted(site, written_set):
    owner, address = written_set
    first, _ = suspects(owner, address)
    files = set(site.settings.data_dir.rglob("*.png"))
    take_out(owner, address, first)
    gone = files - set(site.settings.data_dir.rglob("*.png"))
    assert [path.parent.parent.name for path in gone] == ["images"]


def test_pixels_that_another_set_has_too_stay(site, written_set):
    owner, address = written_set
    other = imported(site, owner, ("a", with_text(1)))
    take_out(owner, address, suspects(owner, address)[0])
    (same,) = suspects(owner, other)
    assert owner.get(f"{other}/images/{same}.png").status_code == 200


def draft(furnished, owner, known):
    """A session whose real set has an image with text, of the shape of the synthetic set."""
    files = [(f"{n}", png(n)) for n in range(4)]
    dataset = slice_dataset(np.zeros((16, 16), np.uint8))
    dataset.BurnedInAnnotation = "YES"
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    address = imported(furnished, owner, *files, ("e", out.getvalue()))
    form = {**FORM, "real_set_id": ident(address), "synthetic_set_id": ident(known.synthetic_set)}
    return address, owner.post("/sessions", data=form).headers["location"]


def test_no_session_is_frozen_before_a_person_has_looked(furnished, owner, known):
    address, session = draft(furnished, owner, known)
    refused = owner.post(f"{session}/freeze")
    assert refused.status_code == 409
    assert "1 image of the set “Some set” may have writing in the pixels" in text(refused)
    clear(owner, address, *suspects(owner, address))
    assert owner.post(f"{session}/freeze").status_code == 303
    furnished.work()
    assert "Next: open" in owner.get(session).text


def test_the_worker_does_not_freeze_either(furnished, owner, known):
    """What was asked for before a set had to be looked at is refused by the worker."""
    from app import clock
    from app.services import jobs, sessions
    from app.tables.sessions import VttSession

    _, session = draft(furnished, owner, known)
    with furnished.parts.database.write() as db:
        row = db.get_one(VttSession, ident(session))
        payload = {"session_id": row.id, "actor": f"user:{row.owner_id}"}
        row.job_id = jobs.enqueue(db, row.owner_id, sessions.FREEZE_JOB, payload, clock.now())
    furnished.work()
    page = text(owner.get(session))
    assert "may have writing in the pixels" in page
    assert "Next: freeze" in page


def test_an_image_of_a_frozen_session_stays(furnished, owner, known):
    address, session = draft(furnished, owner, known)
    (image,) = suspects(owner, address)
    clear(owner, address, image)
    owner.post(f"{session}/freeze")
    furnished.work()
    answers = [take_out(owner, address, image).status_code]
    page = owner.get(address).text.split(f'href="{address}/images/')[1:]
    answers += [take_out(owner, address, part.partition(".png")[0]).status_code for part in page]
    assert answers.count(409) >= 4  # four of five real images are items


def test_sampled_images_need_no_judgement(furnished, owner, known):
    more = sample(owner, known.checkpoint, name="More", seeds="20-29").headers["location"]
    furnished.work()
    assert 'id="writing"' not in owner.get(more).text


def test_the_tag_and_the_modality_are_reasons_too(site):
    owner, files = site.browser(OWNER), []
    for attributes in ({"BurnedInAnnotation": "YES"}, {"Modality": "US"}, {}):
        dataset, out = slice_dataset(np.zeros((16, 16), np.uint8)), io.BytesIO()
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        dataset.save_as(out, enforce_file_format=True)
        files.append(("a.dcm", out.getvalue()))
    page = text(owner.get(imported(site, owner, *files)))
    assert "File 1: its file says that there is." in page
    assert "File 2: images of this kind often have some." in page
    assert "File 3" not in page


def test_many_are_shown_page_by_page(site, monkeypatch):
    monkeypatch.setattr(signoff, "A_PAGE", 2)
    owner = site.browser(OWNER)
    address = imported(site, owner, *[(f"{n}", with_text(n)) for n in range(5)])
    pages = [suspects(owner, f"{address}") for _ in range(1)]
    for number in (2, 3, 99):
        parts = owner.get(f"{address}?writing={number}").text.split(f'href="{address}/writing/')[1:]
        pages.append([part.partition(".png")[0] for part in parts])
    assert [len(page) for page in pages] == [2, 2, 1, 1]
    assert pages[2] == pages[3]
    assert len({image for page in pages for image in page}) == 5
    assert "Page 2 of 3" in text(owner.get(f"{address}?writing=2"))
    clear(owner, address, *pages[0], *pages[1], *pages[2])
    assert "5 images were looked at" in text(owner.get(address))


def test_only_the_owner_judges_and_looks(site, written_set):
    owner, address = written_set
    first, _ = suspects(owner, address)
    other = site.browser(OTHER)
    assert clear(other, address, first).status_code == 404
    assert take_out(other, address, first).status_code == 404
    assert other.get(f"{address}/writing/{first}.png").status_code == 404
    assert len(suspects(owner, address)) == 2
    assert clear(site.browser(ADMIN), address, first).status_code == 303


def test_what_cannot_be_judged_gets_a_sentence(site, written_set):
    owner, address = written_set
    assert clear(owner, address).status_code == 422
    elsewhere = imported(site, owner, ("a", with_text(3)))
    (foreign,) = suspects(owner, elsewhere)
    assert take_out(owner, address, foreign).status_code == 404
    assert take_out(owner, address, "no such image").status_code == 404
    assert owner.get(f"{address}/writing/{foreign}.png").status_code == 404
    clear(owner, address, foreign)
    assert suspects(owner, elsewhere) == [foreign]


def test_heads_are_pointed_out(site):
    owner = site.browser(OWNER)
    for part, warned in (("BRAIN", True), ("CHEST", False)):
        dataset, out = slice_dataset(np.zeros((16, 16), np.uint8)), io.BytesIO()
        dataset.BodyPartExamined = part
        dataset.save_as(out, enforce_file_format=True)
        page = text(owner.get(imported(site, owner, ("a", out.getvalue()))))
        assert ("These are images of heads." in page) is warned
        assert ("before the import" in page) is warned
