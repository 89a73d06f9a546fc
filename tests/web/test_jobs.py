"""Watching and stopping jobs."""

import re

import pytest

from tests.web.conftest import ADMIN, OTHER, OWNER, png, sample


def job_of(page: str) -> str:
    return re.search(r'data-job="([0-9a-f]{32})"', page)[1]


@pytest.fixture
def sampling(owner, known):
    """(browser, address of a set, address of the job that waits to fill it)"""
    address = sample(owner, known.checkpoint, seeds="0-19").headers["location"]
    return owner, address, f"/jobs/{job_of(owner.get(address).text)}"


def test_it_works(furnished, sampling):
    owner, address, job = sampling
    before = owner.get(job).json()
    assert (before["kind"], before["status"], before["ended"]) == ("sample", "queued", False)
    furnished.work()
    after = owner.get(job).json()
    assert (after["status"], after["done"], after["total"], after["ended"]) == ("done", 20, 20, True)
    assert "data-job" not in owner.get(address).text
    assert "no-store" in owner.get(job).headers["cache-control"]


def test_a_waiting_job_that_is_cancelled_never_runs(furnished, sampling):
    owner, address, job = sampling
    answer = owner.post(f"{job}/cancel", data={"back": address})
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    furnished.work()
    page = owner.get(address).text
    assert owner.get(job).json()["status"] == "cancelled"
    assert "This was cancelled" in page
    assert "/images/" not in page


def test_an_ended_job_cannot_be_cancelled(furnished, sampling):
    owner, _, job = sampling
    furnished.work()
    answer = owner.post(f"{job}/cancel")
    assert answer.status_code == 409
    assert "has ended already" in answer.text


def test_cancelling_never_leads_to_another_site(sampling):
    owner, _, job = sampling
    assert owner.post(f"{job}/cancel", data={"back": "//evil.example"}).headers["location"] == "/"


def test_another_researcher_neither_sees_nor_stops_it(furnished, sampling):
    owner, _, job = sampling
    other = furnished.browser(OTHER)
    assert other.get(job).status_code == 404
    assert other.post(f"{job}/cancel").status_code == 404
    assert owner.get(job).json()["status"] == "queued"
    assert furnished.browser(ADMIN).get(job).status_code == 200


def test_a_failed_job_says_why_where_one_looks(site):
    owner = site.browser(OWNER)
    files = {"file": ("network.pkl", b"no checkpoint", "application/octet-stream")}
    address = owner.post("/checkpoints", data={"name": "broken"}, files=files).headers["location"]
    job = f"/jobs/{job_of(owner.get(address).text)}"
    site.work()
    error = owner.get(job).json()["error"]
    assert error.endswith(".")
    assert "Traceback" not in error
    assert 'role="alert"' in owner.get(address).text


def test_an_unknown_job_is_not_found(site):
    owner = site.browser(OWNER)
    answer = owner.get("/jobs/" + "0" * 32, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (404, "There is no such job.")


def test_two_imports_wait_side_by_side(site):
    owner = site.browser(OWNER)
    addresses = [
        owner.post("/image-sets", data={"name": f"set {i}"}, files={"files": ("a.png", png(i))}).headers[
            "location"
        ]
        for i in range(2)
    ]
    site.work()
    assert all("1, 16 × 16 grey" in owner.get(address).text for address in addresses)
