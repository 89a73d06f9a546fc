# ruff: noqa: F401, F811 - pytest finds fixtures by the names of arguments
"""A whole study of four models, as the paper's: a training run, distances, a session read by six simulated readers, Table 2 and its figures.

The snapshots are of one small training after 1, 4, 16 and 60 thousand images, so that quality really differs (tests/study/README.md). Each reader
is a program that sees the bytes of an image and nothing else: it calls real what is near enough to what it has learnt of real slices.
"""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.installation import confirmed, download, installation, sign_in

STUDY = Path(__file__).parents[1] / "study"
SLICES = sorted((Path(__file__).parents[2] / "demo" / "slices").glob("*.png"))
KIMG = (1, 4, 16, 60)
EACH, READERS, SAMPLES = 20, 6, 80
REASON = "A test with simulated readers: the images of small generators are told apart."
pytestmark = [pytest.mark.browser, pytest.mark.timeout(560)]


@pytest.fixture
def slices(tmp_path):
    """The real slices at the generators' size, as a folder."""
    folder = tmp_path / "slices"
    folder.mkdir()
    for path in SLICES:
        Image.open(path).resize((32, 32), Image.Resampling.BOX).save(folder / path.name)
    return folder


def import_slices(page, url, folder, packed):
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    page.goto(f"{url}/image-sets/new")
    page.fill("#name", "Brain slices")
    page.set_input_files("#files", packed)
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.locator(".previews img").first).to_be_visible(timeout=60_000)
    expect(page.locator(".previews")).to_contain_text("32 × 32, grey levels as stored")
    page.get_by_role("button", name="Import").click()
    expect(page.locator(".thumbs img")).to_have_count(len(SLICES), timeout=60_000)
    suspected = page.get_by_role("button", name=re.compile("^No identifying text in"))
    if suspected.count():  # folds of a brain that were taken for letters
        suspected.click()
        page.get_by_role("dialog").get_by_role("button", name=re.compile("^No identifying text in")).click()


def checkpoints(page, url):
    """The addresses of the run's checkpoints, by kimg."""
    page.goto(f"{url}/checkpoints")
    found = {}
    for link in page.locator("main a[href^='/checkpoints/']").all():
        name = re.search(r"(\d+) kimg|-0*(\d+)", link.inner_text())
        if name:
            found[int(name[1] or name[2])] = link.get_attribute("href")
    assert sorted(found) == list(KIMG)
    return found


def sampled(page, url, address, kimg):
    """A synthetic set of this checkpoint, measured from the real one; its name."""
    page.goto(url + address)
    name = f"After {kimg} kimg"
    page.get_by_label("Name of the set").fill(name)
    page.get_by_label("Seeds").fill(f"0-{SAMPLES - 1}")
    page.get_by_role("button", name="Start sampling").click()
    expect(page.locator(".thumbs img")).to_have_count(SAMPLES, timeout=60_000)
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.locator("#distances td.number").first).to_be_visible(timeout=60_000)
    return name


def opened(page, url, names):
    page.goto(f"{url}/sessions/new")
    page.fill("#title", "Four snapshots")
    page.fill("#public_title", "Brain slices")
    page.fill("#n_real", str(2 * EACH))
    page.get_by_text("More models under test").click()
    for place, name in enumerate(names):
        chosen = "#synthetic_set_id" if place == 0 else f"#synthetic-{place + 1}"
        number = "#n_synthetic" if place == 0 else f"#n-synthetic-{place + 1}"
        value = page.locator(f"{chosen} option", has_text=name).first.get_attribute("value")
        page.select_option(chosen, value)
        page.fill(number, str(EACH))
    page.get_by_role("button", name="Create draft").click()
    confirmed(page, "Freeze")
    opening = page.get_by_role("button", name="Open for readers")
    expect(opening).to_be_visible(timeout=120_000)  # after the blinding audit
    if page.locator("#reason").count():
        page.fill("#reason", REASON)
    opening.click()
    expect(page.get_by_role("heading", name="Readers are at work")).to_be_visible()
    return page.url


def invited(page, session_url, code):
    page.goto(session_url)
    page.fill("#code", code)
    page.get_by_role("button", name="Make a personal link").click()
    return page.input_value("#link")


def learnt(folder):
    """What a program learns of real slices: their first eight directions, and how far real ones lie from these."""
    real = np.stack([np.asarray(Image.open(path), float).ravel() for path in sorted(folder.iterdir())])
    middle = real.mean(0)
    directions = np.linalg.svd(real - middle, full_matrices=False)[2][:8]

    def distance(pixels):
        rest = pixels.ravel() - middle
        return float(np.linalg.norm(rest - directions.T @ (directions @ rest)))

    return distance, float(np.median([distance(one) for one in real]))


def read(browser, link, number, distance, usual):
    """Read everything as a browser would; a reader is more or less easily convinced, and never quite sure."""
    draws = np.random.default_rng(number)
    mild = 2.6 + 0.5 * number
    base = link[: link.index("/r/")]
    context = browser.new_context(extra_http_headers={"Origin": base})
    reader = context.request
    assert reader.post(link).ok
    assert reader.post(f"{base}/read/start").ok
    state, given = reader.get(f"{base}/read/state").json(), 0
    while state["current"]:
        seen = reader.get(f"{base}/read/stimuli/{state['current']}").body()
        far = distance(np.asarray(Image.open(io.BytesIO(seen)).convert("L"), float)) / usual
        doubt = np.log(far / mild) + draws.normal(0, 0.2)
        body = {
            "item": state["current"],
            "answer": "real" if doubt < 0 else "synthetic",
            "likert": int(np.clip(round(3 - 3 * doubt), 1, 5)),
            "key": f"key-{given:08d}",
            "shown_ms": 900.0,
        }
        answered = reader.post(f"{base}/read/ratings", data=body)
        assert answered.ok, answered.text()
        state, given = answered.json(), given + 1
        assert "kimg" not in answered.text()
    context.close()
    return given


def means(ratings, truth):
    """Each model's share of wrong answers to images of one truth, meaned over readers; real images are everybody's."""
    wrong = {}
    for row in csv.DictReader(io.StringIO(ratings)):
        if row["truth"] == truth and row["kind"] == "main":
            readers = wrong.setdefault(row["model"], {})
            readers.setdefault(row["reader"], []).append(row["answer"] != truth)
    return {
        model: float(np.mean([np.mean(own) for own in readers.values()])) for model, readers in wrong.items()
    }


def test_four_snapshots_from_distances_to_table_2(browser, installation, slices, tmp_path):
    url = installation.url
    page = sign_in(browser, installation, "dr@example.org")
    import_slices(page, url, slices, tmp_path / "slices.zip")
    installation.command(
        "checkpoint", "import", STUDY / "run", "--snapshot", "all", "--owner", "dr@example.org"
    )
    found = checkpoints(page, url)
    names = [sampled(page, url, found[kimg], kimg) for kimg in KIMG]
    session_url = opened(page, url, names)
    distance, usual = learnt(slices)
    for number in range(READERS):
        link = invited(page, session_url, f"simulated-{number + 1}")
        assert read(browser, link, number, distance, usual) == 6 * EACH
    page.goto(session_url)
    confirmed(page, "Close the session")
    page.get_by_role("button", name="See the report").click()
    expect(page.locator("p.lead").first).to_have_text(re.compile("The readers are simulated"), timeout=60_000)

    table = {row["model"]: row for row in csv.DictReader(io.StringIO(download(page, "table2.csv")))}
    assert list(table) == names
    ratings = download(page, "ratings.csv")
    column = next(name for name in table[names[0]] if name.startswith("distance_"))
    distances = [float(table[name][column]) for name in names]
    fpr, fnr = means(ratings, "synthetic"), means(ratings, "real")
    for name in names:
        row = table[name]
        assert (row["experiment"], row["readers"], row["simulated_readers"]) == ("run", "6", "6")
        assert float(row["fpr_mean"]) == pytest.approx(fpr[name])
        assert float(row["fnr_mean"]) == pytest.approx(fnr[""])
    assert sorted(distances, reverse=True) == distances
    # Which images are shown is drawn anew each time: the difference is 0.50 on average, with a standard deviation of 0.05.
    assert fpr[names[-1]] > fpr[names[0]] + 0.2

    told = json.loads(download(page, "report.json"))
    (correlated,) = told["correlations"]
    r = np.corrcoef(distances, [fpr[name] for name in names])[0, 1]
    assert correlated["pearson"]["r"] == pytest.approx(r)
    assert r < -0.5
    assert told["n_simulated"] == READERS

    (tmp_path / "ratings.csv").write_text(ratings, encoding="utf-8", newline="")
    said = installation.command("report", tmp_path / "ratings.csv", "--out", tmp_path / "out")
    assert said.startswith("The readers are simulated")
    per_reader = (tmp_path / "out" / "per_reader.csv").read_text(encoding="utf-8")
    assert per_reader == download(page, "per_reader.csv")

    snapshot = STUDY / "run" / "network-snapshot-000060.safetensors"
    seeds = ("--seeds", f"0-{SAMPLES - 1}", "--noise-mode", "const", "--json")
    measured = json.loads(installation.command("distance", slices, snapshot, *seeds))
    assert measured["frechet"] == pytest.approx(distances[-1], rel=1e-3)
