"""Experiments: a run's folder as an upload, the table, facts, and some side by side."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from app.services import comparisons
from tests.cli.test_experiments import written
from tests.runs.test_directory import score, tick
from tests.web.conftest import ADMIN, OTHER, OWNER, SIZE, ident, text

SNAPSHOT = "network-snapshot-000200.safetensors"


def upload(client, name, files):
    parts = [("files", (file, content)) for file, content in files]
    return client.post("/experiments", data={"name": name}, files=parts)


def folder(tmp_path, name, scores, gaps=(), options=None):
    where = written(tmp_path / name, scores, options, gaps)
    return [(f"{name}/{path.name}", path.read_bytes()) for path in where.iterdir()]


@pytest.fixture
def two(site, tmp_path, generator_files):
    """Two experiments that have been read, one of them with its best snapshot; their addresses by name."""
    owner = site.browser(OWNER)
    rng = np.random.default_rng(1)
    calm = 0.8 + 0.1 * rng.standard_normal(100)
    wild = np.concatenate([calm[:60], np.linspace(1, 6, 40)])
    runs = {
        "Scratch": folder(tmp_path, "scratch", [(100, 60.0), (200, 27.0)], wild, {"resume_pkl": None}),
        "ADA": folder(tmp_path, "ada", [(100, 30.0), (200, 10.0), (400, 12.0)], calm),
    }
    runs["ADA"].append((SNAPSHOT, generator_files["plain"].read_bytes()))
    found = {name: upload(owner, name, files).headers["location"] for name, files in runs.items()}
    site.work()
    return owner, found


def compared(site, owner, addresses, **asked):
    data = {"experiments": [ident(one) for one in addresses], **asked}
    address = owner.post("/experiments/comparisons", data=data).headers["location"]
    site.work()
    return address


def test_it_works(two):
    owner, found = two
    page = text(owner.get(found["ADA"]))
    assert "to 396 kimg" in page
    assert "A run has diverged from the first tick" in page
    assert f"{SNAPSHOT} <span" in re.sub(r"\s+", " ", page)
    assert "ADA, 200 kimg</a>" in page
    figures = re.findall(r'src="([^"]+figures/([a-z0-9_]+\.svg)\?shown=true)"', owner.get(found["ADA"]).text)
    assert {name for _, name in figures} == {"losses.svg", "fid50k_full.svg"}
    for address, _ in figures:
        ET.fromstring(owner.get(address).text)
    kept = owner.get(f"{found['ADA']}/figures/losses.svg")
    assert kept.headers["content-disposition"] == 'attachment; filename="losses.svg"'
    assert "at " in text(owner.get(found["Scratch"])).partition("Diverged")[2][:80]


def test_the_table_has_the_best_within_a_budget_and_improvements(two):
    owner, found = two
    table = rows(owner.get("/experiments").text)
    assert table["ADA"][-5:] == ["10.00", "200", "no", "1"][-5:] or table["ADA"][-4:] == [
        "10.00",
        "200",
        "no",
        "1",
    ]
    params = {"budget": "150", "baseline": ident(found["Scratch"])}
    table = rows(owner.get("/experiments", params=params).text)
    assert table["ADA"][-5:] == ["30.00", "100", "50 %", "no", "1"]
    assert table["Scratch"][-3] == "baseline"
    assert table["Scratch"][-2].startswith("at ")


def rows(page):
    """The cells of the table of experiments, by name."""
    found = {}
    for row in re.findall(
        r"<tr>(.*?)</tr>", page.partition("<tbody>")[2].partition("</tbody>")[0], re.DOTALL
    ):
        cells = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip() for cell in row.split("<td")[1:]]
        plain = [cell.partition(">")[2].strip() for cell in cells]
        found[plain[1]] = plain
    return found


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"budget": "lots"}, "A budget is a number of kimg"),
        ({"budget": "-3"}, "A budget is a number of kimg"),
        ({"budget": "1" * 30}, "A budget is at most"),
        ({"baseline": "0" * 32}, "The baseline is none of these experiments."),
        ({"budget": "1", "baseline": "Scratch"}, "was measured within the budget, so it is no baseline"),
    ],
)
def test_a_table_that_cannot_be_made_is_shown_without(two, params, sentence):
    owner, found = two
    if params.get("baseline") == "Scratch":
        params = {**params, "baseline": ident(found["Scratch"])}
    answer = owner.get("/experiments", params=params)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert rows(answer.text)["ADA"]


def test_measures_of_different_metrics_have_columns_of_their_own(site, two, tmp_path):
    owner, found = two
    upload(owner, "KID", [("metric-kid50k_full.jsonl", score(100, 0.01, "kid50k_full").encode())])
    upload(owner, "Published", [("stylegan-ADA-25000-5.06.pkl", b"no weights")])
    site.work()
    page = owner.get("/experiments", params={"baseline": ident(found["Scratch"])}).text
    assert re.findall(r"Best ([\w ]+)</th>", page) == ["FID", "kid50k_full"]
    assert rows(page)["KID"][5:9] == ["–", "0.01", "100", "–"]
    assert rows(page)["Published"][5:7] == ["5.06", "–"]
    assert "81 %" in rows(page)["Published"]


def test_side_by_side(site, two):
    owner, found = two
    address = compared(site, owner, found.values(), baseline=ident(found["Scratch"]), samples="4", seed="7")
    page = text(owner.get(address))
    seeds = comparisons.seeds_of(7, 4)
    assert f"seeds {', '.join(map(str, seeds))}, drawn from the seed 7" in page
    assert "63 %" in page
    made = owner.get(f"{address}/files/figure1.png")
    image = Image.open(io.BytesIO(made.content))
    assert image.size == (4 * (SIZE + 4), SIZE + 4)  # the other has no checkpoint
    one = owner.get(f"{address}/files/figure1.csv").text
    told = list(csv.DictReader(io.StringIO(one)))
    assert [int(row["seed"]) for row in told] == list(seeds)
    assert {row["experiment"] for row in told} == {"ADA"}
    drawn = owner.get(f"{address}/files/figure1.svg", params={"shown": "true"}).text
    assert "Scratch: network-snapshot-000200.pkl, its best, is not among its checkpoints" in drawn
    assert drawn.count("<image") == 4
    assert "losses.svg" in page
    table = owner.get(f"{address}/files/table1.csv").text
    assert "fid50k_full" in table.splitlines()[0]
    assert r"\toprule" in owner.get(f"{address}/files/table1.tex").text
    assert json.loads(owner.get(f"{address}/files/experiments.json").text)["baseline"] == "Scratch"
    assert owner.get(f"{address}/files/other.csv").status_code == 404


def test_the_same_seed_draws_the_same_samples_and_they_are_those_of_its_seeds(site, two):
    owner, found = two
    first, again, other = (
        compared(site, owner, [found["ADA"]], samples="3", seed=seed) for seed in ("5", "5", "6")
    )
    pictures = [owner.get(f"{one}/files/figure1.png").content for one in (first, again, other)]
    assert pictures[0] == pictures[1] != pictures[2]
    checkpoint = re.search(r"/checkpoints/[0-9a-f]{32}", owner.get(found["ADA"]).text)[0]
    seeds = ",".join(map(str, comparisons.seeds_of(5, 3)))
    asked = {"name": "s", "seeds": seeds, "psi": "1", "noise_mode": "const"}
    images = owner.post(f"{checkpoint}/samples", data=asked).headers["location"]
    site.work()
    paths = set(re.findall(r"/image-sets/\w+/images/\w+\.png", owner.get(images).text))
    alone = {np.asarray(Image.open(io.BytesIO(owner.get(one).content))).tobytes() for one in paths}
    sheet = np.asarray(Image.open(io.BytesIO(pictures[0])))
    columns = [sheet[:SIZE, left : left + SIZE].tobytes() for left in range(0, 3 * (SIZE + 4), SIZE + 4)]
    assert set(columns) == alone


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"seed": "-1"}, "The seed is a whole number"),
        ({"seed": "99999999999"}, "The seed is a whole number"),
        ({"samples": "17"}, "from 0 to 16"),
        ({"budget": "x"}, "A budget is a number"),
        ({"experiments": []}, "Choose from 1 to 24 experiments"),
        ({"experiments": ["0" * 32]}, "There is no such experiment"),
    ],
)
def test_what_cannot_be_compared_gets_a_sentence(two, asked, sentence):
    owner, found = two
    data = {"experiments": [ident(found["ADA"])], **asked}
    answer = owner.post("/experiments/comparisons", data=data)
    assert answer.status_code in {404, 422}
    assert sentence in text(answer)


def test_a_comparison_at_work_is_not_begun_twice_and_its_files_are_not_there_yet(site, two):
    owner, found = two
    data = {"experiments": [ident(found["ADA"])]}
    first, second = (owner.post("/experiments/comparisons", data=data).headers["location"] for _ in range(2))
    assert first == second
    assert owner.get(f"{first}/files/table1.csv").status_code == 409
    assert "Drawing the comparison" in owner.get(first).text


def test_what_is_typed_counts_and_what_the_folder_says_is_beside_it(site, two):
    owner, found = two
    assert owner.post(f"{found['ADA']}/facts", data={"images": "900", "patients": "12"}).status_code == 303
    page = text(owner.get(found["ADA"]))
    assert "<strong>The folder says 12345.</strong>" in page
    assert rows(owner.get("/experiments").text)["ADA"][2:4] == ["900", "12"]
    upload(owner, "ADA", [("stats.jsonl", tick(4).encode())])
    site.work()
    assert rows(owner.get("/experiments").text)["ADA"][2:4] == ["900", "12"]
    refused = owner.post(f"{found['ADA']}/facts", data={"images": "many"})
    assert refused.status_code == 422
    assert "Images is a whole number" in text(refused)


def test_a_snapshot_alone_leaves_what_is_known_of_the_run(site, two, generator_files):
    owner, found = two
    again = [(SNAPSHOT, generator_files["plain"].read_bytes())]
    other = [("network-snapshot-000400.safetensors", generator_files["classes"].read_bytes())]
    for files in (again, other):
        assert upload(owner, "ADA", files).headers["location"] == found["ADA"]
    site.work()
    page = text(owner.get(found["ADA"]))
    assert "to 396 kimg" in page
    assert "ADA, 400 kimg" in page
    assert owner.get("/checkpoints").text.count(">ADA, 200 kimg<") == 1


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("fakes.png", b"x")], "None of these files is a training run's"),
        ([("", b"")], "None of these files is a training run's"),
        ([("stats.jsonl.exe", b"x")], "None of these files is a training run's"),
        ([("a/stats.jsonl", b"{}"), ("b/stats.jsonl", b"{}")], "several files stats.jsonl"),
    ],
)
def test_files_that_are_no_run_s_are_refused(site, files, sentence):
    owner = site.browser(OWNER)
    answer = upload(owner, "n", files)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert list(site.settings.staging_dir.iterdir()) == []
    assert "No experiments yet" in owner.get("/experiments").text


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("stats.jsonl", b"\xff\xfe" * 1000)], "is no folder of a training run"),
        ([("training_options.json", b"[" * 100_000)], "training_options.json is no JSON."),
        ([("training_options.json", b" " * (2**20 + 1))], "larger than any run writes"),
        ([("stats.jsonl", b'{"a": "' + b"x" * 3_000_000 + b'"}')], "is no folder of a training run"),
    ],
)
def test_a_hostile_run_fails_with_a_sentence(site, files, sentence):
    owner = site.browser(OWNER)
    address = upload(owner, "n", files).headers["location"]
    site.work()
    assert sentence in text(owner.get(address))


def test_names_with_ways_out_of_the_folder_are_their_last_part_alone(site):
    owner = site.browser(OWNER)
    files = [("../../../etc/stats.jsonl", tick(4).encode()), ("..\\..\\metric-../x.jsonl", b"{}")]
    address = upload(owner, "n", files).headers["location"]
    site.work()
    assert "to 4 kimg" in text(owner.get(address))
    assert list(site.settings.staging_dir.iterdir()) == []
    found = {path.name for path in site.settings.data_dir.rglob("*") if "jsonl" in path.name}
    assert found == set()


def test_an_unreadable_snapshot_is_said_on_its_checkpoint(site):
    owner = site.browser(OWNER)
    address = upload(owner, "n", [("network-snapshot-000200.pkl", b"\x80\x04.")]).headers["location"]
    site.work()
    checkpoint = re.search(r"/checkpoints/[0-9a-f]{32}", owner.get(address).text)[0]
    assert 'role="alert"' in owner.get(checkpoint).text


def test_others_see_nothing_of_them_and_an_admin_all(site, two):
    owner, found = two
    address = compared(site, owner, [found["ADA"]], samples="0")
    other, admin = site.browser(OTHER), site.browser(ADMIN)
    for path in (found["ADA"], f"{found['ADA']}/figures/losses.svg", address, f"{address}/files/table1.csv"):
        assert other.get(path).status_code == 404
        assert admin.get(path).status_code == 200
    assert "No experiments yet" in other.get("/experiments").text
    assert "ADA" in rows(admin.get("/experiments").text)
    assert (
        other.post("/experiments/comparisons", data={"experiments": ident(found["ADA"])}).status_code == 404
    )
    assert other.post(f"{found['ADA']}/facts", data={"images": "1"}).status_code == 404
