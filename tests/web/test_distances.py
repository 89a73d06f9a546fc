"""Distances of synthetic sets: asked for on the page, measured by the worker, shown with what they take to be repeated."""

import json
import re
import threading

import pytest

from app import worker
from app.services import distances
from tests.web.conftest import OTHER, ident, text


def asked(client, known, **changes):
    data = {"real_set_id": ident(known.real_set), **changes}
    return client.post(f"{known.synthetic_set}/distances", data=data)


def kept(site, known):
    with site.parts.database.read() as db:
        return distances.listing(db, ident(known.synthetic_set))


def test_it_works(furnished, owner, known):
    assert "Distance from real images" in text(owner.get(known.synthetic_set))
    answer = asked(owner, known)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{known.synthetic_set}#distances")
    assert "Measuring the distance" in text(owner.get(known.synthetic_set))
    furnished.work()
    (found,) = kept(furnished, known)
    assert (found.extractor, found.found["n_real"], found.found["n_synthetic"]) == (
        "efficientnet-lite0",
        8,
        8,
    )
    page = text(owner.get(known.synthetic_set))
    assert f"{found.found['frechet']:.4g}" in page
    assert "Fréchet distance on EfficientNet-Lite0, 1280 dimensions; 224 × 224 pixels" in page
    assert "the Fréchet distance says as much of their number as of the model" in page
    assert re.search(r">\s*8 / 8\s*<", page)
    assert "Distance from real images" not in text(owner.get(known.real_set))


def test_asking_again_measures_the_same_and_computes_no_feature(furnished, owner, known):
    asked(owner, known)
    furnished.work()
    (first,) = kept(furnished, known)
    folder = furnished.settings.data_dir / "features"
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    asked(owner, known)
    furnished.work()
    (again,) = kept(furnished, known)
    assert again.found == first.found
    assert again.created_at > first.created_at
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")} == before


def test_two_wishes_are_one_job(furnished, owner, known):
    asked(owner, known)
    asked(owner, known)
    assert worker.run_one(furnished.parts, "test:1:1", threading.Event())
    assert not worker.run_one(furnished.parts, "test:1:1", threading.Event())
    assert len(kept(furnished, known)) == 1


def test_a_stopped_job_goes_on_where_it_was(furnished, owner, known):
    asked(owner, known)
    stopping = threading.Event()
    stopping.set()
    worker.run_one(furnished.parts, "test:1:1", stopping)
    assert kept(furnished, known) == []
    (state,) = (furnished.settings.data_dir / "features").glob("*.json")
    assert json.loads(state.read_text())["done"] == 8  # the real images' features stay
    furnished.work()
    assert len(kept(furnished, known)) == 1


@pytest.mark.parametrize("missing", ["real_set_id", "kind"])
def test_other_sets_than_a_synthetic_and_a_real_one_are_not_there(furnished, owner, known, missing):
    if missing == "kind":
        answer = owner.post(f"{known.real_set}/distances", data={"real_set_id": ident(known.real_set)})
    else:
        answer = asked(owner, known, real_set_id=ident(known.synthetic_set))
    assert answer.status_code == 404
    assert furnished.browser(OTHER).post(f"{known.synthetic_set}/distances").status_code == 404
    assert kept(furnished, known) == []
