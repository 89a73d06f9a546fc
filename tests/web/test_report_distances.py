"""Table 2 of a session: distances that the worker measured of its models stand in the report by themselves, each network apart."""

import csv
import io
import json
import re
import shutil

import numpy as np
import pytest
import torch

from app.errors import InvalidError
from app.settings import ExtractorFile, load_settings
from tests.models.test_features import Own, digest, scripted
from tests.web.api.conftest import program
from tests.web.conftest import ident, invite, open_site, opened, png, read_all, sample, text

ONE, OTHER = "radiology", "photographs"
TITLE = "Fréchet distance on radiology"
MODELS = ("Samples", "Second", "Third")


@pytest.fixture
def furnished(tmp_path, furnished_folder):
    """A site whose operator vouches for two small networks."""
    torch.manual_seed(3)
    shutil.copytree(furnished_folder[0], tmp_path / "data")
    files = {name: scripted(Own(), tmp_path / f"{name}.pt") for name in (ONE, OTHER)}
    extractors = tuple(ExtractorFile(name, file, digest(file)) for name, file in files.items())
    yield from open_site(tmp_path / "data", extractors=extractors)


@pytest.fixture
def sets(furnished, owner, known):
    """Three sets of synthetic images of a checkpoint that is an experiment's."""
    owner.post(f"{known.checkpoint}/experiment", data={"experiment": "Pretrained on faces"})
    addresses = [known.synthetic_set]
    for place, name in enumerate(MODELS[1:], start=1):
        asked = {"name": name, "seeds": f"{20 * place}-{20 * place + 7}", "psi": f"{1 - place / 3:.2f}"}
        addresses.append(sample(owner, known.checkpoint, **asked).headers["location"])
    furnished.work()
    return addresses


@pytest.fixture
def closed(furnished, owner, known, sets):
    """A session of the three that two readers finished."""
    design = {"synthetic_set_id": [ident(each) for each in sets], "n_synthetic": ["4", "4", "4"]}
    address = opened(furnished, owner, known, **design)
    for code, every in (("Ann", 2), ("Bob", 3)):
        said = lambda place, _, every=every: ("real", 4) if place % every else ("synthetic", 2)  # noqa: E731
        read_all(furnished, invite(owner, address, code), said)
    owner.post(f"{address}/close")
    return address


def measure(site, client, address, known, extractor=ONE):
    data = {"real_set_id": ident(known.real_set), "extractor": extractor}
    assert client.post(f"{address}/distances", data=data).status_code == 303
    site.work()


def told(site, address):
    """Fréchet distances of a set by network, as a program reads them."""
    answer = program(site).get(f"/image-sets/{ident(address)}/distances")
    return {one["extractor"]: one["found"]["frechet"] for one in answer["items"]}


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def export(client, address, name):
    answer = client.get(f"{address}/export/{name}")
    assert answer.status_code == 200, answer.text
    return answer.content.decode()


def words(answer):
    """A page's words alone, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", text(answer)).split())


@pytest.fixture
def reported(furnished, owner, known, sets, closed):
    """The report that was asked for after all three were measured by the network that comes with the worker."""
    for address in sets:
        measure(furnished, owner, address, known)
    owner.post(f"{closed}/unblinding")
    furnished.work()
    return closed


def test_it_works(furnished, owner, sets, reported):
    page = words(owner.get(f"{reported}/report"))
    assert f"Table 2 of Woodland et al., in this study's numbers: {TITLE}" in page
    (found,) = json.loads(export(owner, reported, "report.json"))["correlations"]
    expected = {name: told(furnished, address)[ONE] for name, address in zip(MODELS, sets, strict=True)}
    assert len(set(expected.values())) == 3
    assert {line["model"]: line["distance"] for line in found["table"]} == expected
    assert {point["model"]: point["distance"] for point in found["points"]} == expected
    of_reader = rows(export(owner, reported, "per_reader.csv"))
    for line in found["table"]:
        mine = [row for row in of_reader if row["model"] == line["model"]]
        for rate in ("fpr", "fnr"):
            values = [float(row[rate]) for row in mine]
            assert line[rate]["mean"] == pytest.approx(np.mean(values))
            assert line[rate]["sd"] == pytest.approx(np.std(values, ddof=1))
        assert (line["n_real"], line["n_synthetic"], line["fpr"]["n"]) == (8, 8, 2)
    fprs = [point["fpr"] for point in found["points"]]
    x = [point["distance"] for point in found["points"]]
    assert found["pearson"]["r"] == pytest.approx(np.corrcoef(x, fprs)[0, 1])
    assert found["spearman"]["method"] == "Spearman, exact permutation p"
    assert "K = 3. Caution: with fewer than six models a correlation shows next to nothing." in page
    assert [line["model"] for line in found["table"]] == sorted(expected, key=expected.get)


def test_every_file_tells_the_same_distances(furnished, owner, sets, reported):
    table = {row["model"]: row for row in rows(export(owner, reported, "table2.csv"))}
    (column,) = [name for name in table["Samples"] if name.startswith("distance_")]
    assert re.fullmatch(f"distance_{ONE}@[0-9a-f]{{12}}", column)
    tex, page = export(owner, reported, "tables.tex"), words(owner.get(f"{reported}/report"))
    for name, address in zip(MODELS, sets, strict=True):
        distance = told(furnished, address)[ONE]
        assert float(table[name][column]) == distance
        assert f"{distance:.2f}" in tex
        assert f"{distance:.2f}" in page
    assert f"{TITLE}, and FPR and FNR as mean $\\pm$ SD over readers." in tex
    svg = owner.get(f"{reported}/report/figures/distances.svg")
    assert svg.status_code == 200
    assert f"Mean FPR over readers against {TITLE}" in page


def test_experiments_stand_in_the_report_and_nowhere_where_a_reader_looks(furnished, owner, known, sets):
    design = {"synthetic_set_id": [ident(each) for each in sets], "n_synthetic": ["4", "4", "4"]}
    address = opened(furnished, owner, known, **design)
    link, seen = invite(owner, address), []
    reader = furnished.browser()
    seen.append(reader.get(link))
    reader.post(link)
    seen += [reader.get(path) for path in ("/read", "/read/state")]
    reader.post("/read/start")
    seen += [reader.get(path) for path in ("/read", "/read/state")]
    assert "item" in seen[-1].text or "current" in seen[-1].text
    assert not any("Pretrained" in each.text or "Samples" in each.text for each in seen)
    read_all(furnished, invite(owner, address), lambda *_: ("real", 3))
    owner.post(f"{address}/close")
    measure(furnished, owner, sets[0], known)
    owner.post(f"{address}/unblinding")
    furnished.work()
    assert {row["experiment"] for row in rows(export(owner, address, "table2.csv"))} == {
        "Pretrained on faces"
    }
    assert "Pretrained on faces" in words(owner.get(f"{address}/report"))


def test_what_is_measured_later_comes_into_the_report_by_itself(furnished, owner, known, sets, closed):
    owner.post(f"{closed}/unblinding")
    furnished.work()
    assert "Table 2" not in words(owner.get(f"{closed}/report"))
    assert json.loads(export(owner, closed, "report.json"))["correlations"] == []
    measure(furnished, owner, sets[0], known)
    page = words(owner.get(f"{closed}/report"))
    assert f"Table 2 of Woodland et al., in this study's numbers: {TITLE}" in page
    assert "Not measured by this network, and not in its correlation: Second, Third." in page
    (found,) = json.loads(export(owner, closed, "report.json"))["correlations"]
    assert [line["distance"] for line in found["table"]][1:] == [
        {"value": None, "reason": "no distance was measured"}
    ] * 2
    assert found["pearson"]["k"] == 1
    owner.post(f"{known.checkpoint}/experiment", data={"experiment": "Another name"})
    assert "See the report" in words(owner.get(f"{closed}/report"))  # made of the old name
    owner.post(f"{closed}/unblinding")
    furnished.work()
    assert "Another name" in words(owner.get(f"{closed}/report"))


def test_networks_stand_side_by_side_and_share_no_column(furnished, owner, known, sets, reported):
    for address in sets:
        measure(furnished, owner, address, known, OTHER)
    second, first = json.loads(export(owner, reported, "report.json"))["correlations"]
    assert (first["network"]["name"], second["network"]["name"]) == (ONE, OTHER)
    for name, address in zip(MODELS, sets, strict=True):
        by_network = told(furnished, address)
        for found in (first, second):
            (line,) = [line for line in found["table"] if line["model"] == name]
            assert line["distance"] == by_network[found["network"]["name"]]
    (row, *_) = rows(export(owner, reported, "table2.csv"))
    assert sum(column.startswith("distance_") for column in row) == 2
    page = words(owner.get(f"{reported}/report"))
    assert "Which distance agrees with readers?" in page
    for name in (ONE, OTHER):
        assert owner.get(f"{reported}/report/figures/distances_{name}.svg").status_code == 200
    tex = export(owner, reported, "tables.tex")
    assert tex.count("and FPR and FNR as mean") == 2


def test_a_distance_from_other_real_images_is_no_session_s(furnished, owner, known, sets, closed):
    files = [("files", (f"{i}.png", png(100 + i), "image/png")) for i in range(6)]
    other = owner.post("/image-sets", data={"name": "Other slices"}, files=files).headers["location"]
    furnished.work()
    owner.post(f"{sets[0]}/distances", data={"real_set_id": ident(other), "extractor": ONE})
    furnished.work()
    owner.post(f"{closed}/unblinding")
    furnished.work()
    assert json.loads(export(owner, closed, "report.json"))["correlations"] == []


def test_the_page_of_a_set_has_a_table_for_each_network(furnished, owner, known):
    page = owner.get(known.synthetic_set).text
    assert all(f'<option value="{name}">' in page for name in ("efficientnet-lite0", ONE, OTHER))
    for name in (ONE, OTHER):
        measure(furnished, owner, known.synthetic_set, known, name)
    page, by_network = owner.get(known.synthetic_set).text, told(furnished, known.synthetic_set)
    tables = re.findall(r"<table>.*?</table>", page.partition('id="distances"')[2], re.DOTALL)
    assert len(tables) == len(set(by_network.values())) == 2
    for table, name in zip(tables, sorted((ONE, OTHER)), strict=True):
        assert f"{by_network[name]:.4g}" in table
        assert f"Fréchet distance on {name}, 8 dimensions; 224 × 224 pixels" in text(
            owner.get(known.synthetic_set)
        )


def test_a_network_that_nobody_vouches_for_measures_nothing(furnished, owner, known):
    data = {"real_set_id": ident(known.real_set), "extractor": "unknown"}
    answer = owner.post(f"{known.synthetic_set}/distances", data=data)
    assert answer.status_code == 422
    assert f"known are efficientnet-lite0, {ONE}, {OTHER}." in text(answer)
    path = f"/image-sets/{ident(known.synthetic_set)}/distances"
    refused = program(furnished).ask("POST", path, data)
    assert (refused.status_code, "known are" in refused.text) == (422, True)
    furnished.settings.extractors[0].file.write_bytes(b"another file")
    measure(furnished, owner, known.synthetic_set, known)
    assert "not the one that was given; it is not used" in text(owner.get(known.synthetic_set))
    assert told(furnished, known.synthetic_set) == {}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("x", "takes NAME=SHA256:FILE"),
        (f"x={'0' * 63}:/a.pt", "takes NAME=SHA256:FILE"),
        (f"x={'0' * 64}:/a.pt; X={'1' * 64}:/b.pt", "names x, which there is already"),
        (f"efficientnet-lite0={'0' * 64}:/a.pt", "names efficientnet-lite0, which there is already"),
    ],
)
def test_a_setting_that_names_no_networks_is_refused(tmp_path, given, sentence):
    with pytest.raises(InvalidError, match=sentence):
        load_settings({"BLINDREAD_DATA_DIR": str(tmp_path), "BLINDREAD_EXTRACTORS": given})


def test_networks_are_read_from_the_settings(tmp_path):
    given = f"Inception-v3={'A' * 64}:/srv/my weights.pt ;x={'0' * 64}:/b.pt;"
    found = load_settings({"BLINDREAD_DATA_DIR": str(tmp_path), "BLINDREAD_EXTRACTORS": given})
    assert found.extractor_names == ("efficientnet-lite0", "inception-v3", "x")
    assert (str(found.extractors[0].file), found.extractors[0].sha256) == ("/srv/my weights.pt", "a" * 64)
