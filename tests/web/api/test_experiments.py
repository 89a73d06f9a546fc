"""Experiments by a program: upload a run, describe it, put two side by side."""

import pytest

from app.services import comparisons
from tests.cli.test_experiments import written


def upload(me, tmp_path, name, scores, status=201, key="", **more):
    run = written(tmp_path / f"{name} {key}", scores, gaps=[0.5] * 60)
    files = [("files", (path.name, path.read_bytes())) for path in sorted(run.iterdir())]
    return me.post("/experiments", status=status, data={"name": name}, files=files, key=key, **more)


@pytest.fixture
def two(me, tmp_path):
    made = [
        upload(me, tmp_path, "Scratch", [(100, 40.0), (200, 27.0)]),
        upload(me, tmp_path, "ADA", [(100, 20.0), (200, 10.0)]),
    ]
    me.site.work()
    return [one["id"] for one in made]


def test_it_works(me, two):
    scratch, ada = two
    found = me.get(f"/experiments/{ada}")
    assert (found["name"], found["read"], found["ticks"], found["diverged"]) == ("ADA", True, 60, "no")
    assert found["facts"]["gamma"] == 10
    assert found["figures"] == ["losses.svg", "fid50k_full.svg"]
    course = me.get(f"/experiments/{ada}/course")
    assert len(course["ticks"]) == 60
    table = me.get(f"/experiments?baseline={scratch}")["items"]
    rows = {row["name"]: row for row in table}
    assert rows["ADA"]["best"] == {"kimg": 200, "value": 10, "snapshot": "network-snapshot-000200.pkl"}
    assert rows["ADA"]["improvement"] == pytest.approx(17 / 27)
    assert rows["Scratch"]["improvement"] is None
    early = me.get(f"/experiments?baseline={scratch}&budget=100")["items"]
    assert {row["improvement"] for row in early} == {None, 0.5}
    asked = {"experiments": two, "baseline": scratch, "samples": 2, "seed": 3}
    made = me.post("/experiments/comparisons", asked, 202)
    assert (made["ready"], made["seeds"]) == (False, list(comparisons.seeds_of(3, 2)))
    me.site.work()
    made = me.get(f"/experiments/comparisons/{made['id']}")
    assert (made["ready"], made["names"]) == (True, ["Scratch", "ADA"])
    for name in made["files"]:
        assert me.ask("GET", f"/experiments/comparisons/{made['id']}/files/{name}").status_code == 200
    assert me.get("/experiments/comparisons")["items"][0]["id"] == made["id"]


def test_what_is_typed_counts_and_what_differs_is_told(me, two):
    found = me.post(f"/experiments/{two[0]}/facts", {"images": 900, "mirrored": False, "notes": "a\nb"})
    assert (found["facts"]["images"], found["facts"]["mirrored"], found["notes"]) == (900, False, "a\nb")
    differs = {one["name"]: (one["told"], one["typed"]) for one in found["differs"]}
    assert differs == {"images": ("12345", "900"), "mirrored": ("yes", "no")}
    refused = me.post(f"/experiments/{two[0]}/facts", {"images": 0}, 422)
    assert "images" in refused["error"]
    assert me.get(f"/experiments/{two[0]}")["facts"]["images"] == 900


def test_the_same_upload_with_its_key_is_done_once(me, tmp_path):
    first = upload(me, tmp_path, "Once", [(100, 40.0)], key="k" * 16)
    run = tmp_path / f"Once {'k' * 16}"
    files = [("files", (path.name, path.read_bytes())) for path in sorted(run.iterdir())]
    again = me.ask("POST", "/experiments", data={"name": "Once"}, files=files, key="k" * 16)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first
    other = [("files", (f"x{name}", data)) for _, (name, data) in files]
    assert me.ask("POST", "/experiments", data={"name": "Once"}, files=other, key="k" * 16).status_code == 422


def test_another_s_experiments_are_not_there(me, other, two):
    assert other.get("/experiments")["items"] == []
    asked = {"experiments": [two[0]]}
    assert other.post("/experiments/comparisons", asked, 404) == {"error": "There is no such experiment."}
    foreign = {"experiments": [two[0]], "baseline": two[1]}
    assert "The baseline is none" in me.post("/experiments/comparisons", foreign, 422)["error"]
    assert "A budget is a number" in me.get("/experiments?budget=x", 422)["error"]
