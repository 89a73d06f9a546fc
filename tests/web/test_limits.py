"""Limits: what one person or one address may do so often, or so much of; failures count, so that a hospital behind one address can work."""

import shutil

import pytest

from app.services import drafts
from app.web.security import UPLOADS
from tests.web.api.conftest import program
from tests.web.conftest import ADMIN, OTHER, OWNER, PASSWORD, open_site, png, text


@pytest.fixture
def small(tmp_path, empty_folder):
    """A site on which drafts have one megabyte for each person."""
    shutil.copytree(empty_folder, tmp_path / "small")
    yield from open_site(tmp_path / "small", drafts_limit_mb=1)


def upload(client, content=b"x" * 2**19, streamed=False):
    files = {"files": ("a.png", content)}
    request = client.build_request("POST", "/image-sets/drafts", data={"name": "n"}, files=files)
    if not streamed:
        return client.send(request)
    body = request.read()
    headers = {"Content-Type": request.headers["content-type"]}
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    return client.post("/image-sets/drafts", content=pieces, headers=headers)


@pytest.mark.parametrize("streamed", [False, True])
def test_drafts_together_have_a_limit(small, streamed):
    """Also for an upload that does not say how long it is; what is refused leaves nothing."""
    owner = small.browser(OWNER)
    first = upload(owner, streamed=streamed)
    assert first.status_code == 303
    refused = upload(owner, streamed=streamed)
    assert refused.status_code == 413
    assert "larger than 1 MB together" in text(refused)
    assert len(list(small.settings.staging_dir.iterdir())) == 1
    assert upload(small.browser(OTHER), streamed=streamed).status_code == 303
    assert owner.post(f"{first.headers['location']}/discard").status_code == 303
    assert upload(owner, streamed=streamed).status_code == 303


def test_only_so_many_drafts_wait_for_one_person(site):
    owner = site.browser(OWNER)
    assert {upload(owner, png(1)).status_code for _ in range(drafts.MOST)} == {303}
    refused = upload(owner, png(1))
    assert (refused.status_code, "20 uploads of yours" in text(refused)) == (413, True)


def test_right_sign_ins_from_one_address_are_not_counted(site):
    for _ in range(4):
        for email in (OWNER, OTHER, ADMIN):
            assert site.browser(email).get("/").status_code == 200


def test_right_sign_ins_at_one_account_are_counted(site):
    form = {"email": OWNER, "password": PASSWORD}
    statuses = [site.browser().post("/sign-in", data=form).status_code for _ in range(11)]
    assert statuses == [303] * 10 + [429]


@pytest.mark.parametrize("path", ["/r/", "/read/join/", "/read/no-reminders/", "/password/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_links_of_no_kind_are_found_by_trying(site, path, method):
    """Thirty wrong ones, and this address waits; others do not."""
    browser = site.browser()
    statuses = [browser.request(method, f"{path}wrong{n}").status_code for n in range(31)]
    assert statuses == [404] * 30 + [429]
    assert "please wait" in text(browser.request(method, f"{path}wrong"))
    elsewhere = type(site.app)(site.app.app, client=("10.9.8.7", 1))
    assert elsewhere.request(method, f"{path}wrong").status_code == 404


def test_what_one_kind_of_link_counts_stops_no_other(site):
    browser = site.browser()
    for number in range(31):
        browser.get(f"/r/wrong{number}")
    assert browser.get("/read/join/wrong").status_code == 404


@pytest.fixture
def narrow(tmp_path, empty_folder):
    """A site that takes uploads of one megabyte."""
    shutil.copytree(empty_folder, tmp_path / "narrow")
    yield from open_site(tmp_path / "narrow", upload_limit_mb=1)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("path", sorted(path for _, path in UPLOADS))
def test_no_upload_is_longer_than_the_server_takes(narrow, path, streamed):
    """By page and by API, whether it says how long it is or not; nothing of it is kept."""
    files = {"file" if path.endswith("/checkpoints") else "files": ("stats.jsonl", b"x" * 2**21)}
    client, headers = narrow.browser(OWNER), {}
    if path.startswith("/api/"):
        headers = {"Authorization": f"Bearer {program(narrow).token}"}
    whole = client.build_request("POST", path, data={"name": "n"}, files=files, headers=headers)
    body = whole.read()
    content = (body[at : at + 65536] for at in range(0, len(body), 65536)) if streamed else body
    refused = client.post(
        path, content=content, headers={**headers, "Content-Type": whole.headers["content-type"]}
    )
    assert (refused.status_code, "1 MB" in text(refused)) == (413, True), refused.text
    staging = narrow.settings.staging_dir
    assert not staging.exists() or [*staging.iterdir()] == []
