"""The report page on the sessions that people hold: it opens, says what can be said, and why the rest cannot; page and JSON alike."""

import json
import re

import pytest

from app.demo.preparation import RESEARCHER, prepare
from app.imaging import stimulus
from app.settings import load_settings
from tests.web.conftest import invite, open_site, opened, png, read_all, sample, text

REAL = {stimulus.encode(stimulus.decode(png(i))) for i in range(8)}
PARTS = (
    "all answered (primary)",
    "completers only",
    "without readers who failed catch items",
    "first half",
    "second half",
)


def perfect(_place, data):
    return ("real", 5) if data in REAL else ("synthetic", 1)


def trusting(_place, _data):
    return "real", 4


def guessing(place, _data):
    return (("real", 4), ("synthetic", 2))[place % 2]


def shown(site, client, address):
    """Close the session and have its report made: the page's words, and what is in report.json."""
    assert client.post(f"{address}/close").status_code == 303
    client.post(f"{address}/unblinding")
    site.work()
    page = client.get(f"{address}/report")
    assert page.status_code == 200
    told = " ".join(re.sub(r"<(style|script|svg).*?</\1>", "", text(page), flags=re.DOTALL).split())
    assert not re.search(r"\b(nan|NaN|inf|None)\b", told)
    data = json.loads(client.get(f"{address}/export/report.json").content, parse_constant=pytest.fail)
    return told, data


@pytest.fixture
def held(furnished, owner, known):
    """Hold a session of these readers, (answers, how many or all), and show its report."""

    def hold(*readers, **changes):
        address = opened(furnished, owner, known, **changes)
        for place, (answers, most) in enumerate(readers, start=1):
            read_all(furnished, invite(owner, address, f"R{place}"), answers, most)
        return shown(furnished, owner, address)

    return hold


def parts(data, model=0):
    name = data["models"][model]["model"]
    found = {each["name"]: each for each in data["sensitivity"] if each["model"] == name}
    assert tuple(found) == PARTS
    return found


def cell(page, name):
    """What stands in the row of a part of the answers."""
    return re.search(rf'<th scope="row">[^<]*{re.escape(name)}</th>(.*?)</tr>', page)[1]


def test_the_demonstration(tmp_path):
    settings = load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "data")})
    credentials = prepare(settings)
    for site in open_site(tmp_path / "data"):
        client = site.browser()
        client.post("/sign-in", data={"email": RESEARCHER, "password": credentials.researcher_password})
        (address,) = set(re.findall(r'href="(/sessions/[0-9a-f]{32})"', client.get("/sessions").text))
        assert read_all(site, f"/r/{credentials.link_token}", guessing) == 40
        read_all(site, invite(client, address, "Second"), trusting)
        page, data = shown(site, client, address)
    assert "2 readers" in page
    assert (data["n_readers"], data["n_ratings"]) == (2, 80)
    found = parts(data)
    assert found["completers only"]["answers"] == 80
    assert found["first half"]["answers"] == found["second half"]["answers"] == 40
    assert found["without readers who failed catch items"]["why_not"] == "there are no catch items"


def test_gaps_repeats_and_catch_items(held):
    """The reader who trusts every image fails the catch items, the one who left early is no completer."""
    page, data = held((perfect, None), (trusting, None), (perfect, 7), catch="2", repeats="2", repeat_lag="3")
    found = parts(data)
    assert found["all answered (primary)"]["readers"] == 3
    assert found["completers only"]["readers"] == 2
    assert found["completers only"]["fpr"]["estimate"] == 0.5
    passed = found["without readers who failed catch items"]
    assert (passed["readers"], passed["fpr"]["estimate"], passed["fnr"]["estimate"]) == (2, 0, 0)
    assert data["left_out"]["catch"] >= 4
    assert "a catch item answered wrongly is failed" in page
    assert "0 % (0/4)" in page
    assert "<td>2</td>" in cell(page, "completers only")
    assert data["repeats"]
    assert "n/a" not in cell(page, "without readers who failed catch items")
    assert "two-way logit t with gaps" in json.dumps(data)


def test_one_reader_and_one_arm(held):
    page, data = held((guessing, None))
    (model,) = data["models"]
    assert model["discrimination"]["balanced_accuracy"]["variance"]["reason"] == "it takes two readers"
    assert "it takes two readers" in page
    assert "one value has no standard deviation" in page
    assert data["pairs"] == []
    assert parts(data)["completers only"]["readers"] == 1


def test_all_answers_real(held):
    page, data = held((trusting, None), (trusting, None), (trusting, None))
    fpr = data["models"][0]["fpr"]
    assert fpr["estimate"] == 1
    assert fpr["p_half"]["reason"] == "all answers are the same"
    assert fpr["interval"]["high"] == 1
    assert "100 % (4/4)" in page
    assert data["models"][0]["readers"][0]["ttest_p"]["reason"]


def test_perfect_readers(held):
    page, data = held((perfect, None), (perfect, None), catch="2")
    (model,) = data["models"]
    assert (model["fpr"]["estimate"], model["fnr"]["estimate"]) == (0, 0)
    assert model["discrimination"]["likert_auc"]["estimate"] == 1
    assert model["discrimination"]["balanced_accuracy"]["df"]["reason"] == "the variance is zero"
    assert {reader["ttest_p"] for reader in model["readers"]} == {0}
    assert "<.001" in page
    assert parts(data)["without readers who failed catch items"]["readers"] == 2


def test_three_images(held):
    page, data = held((guessing, None), (perfect, None), n_real="2", n_synthetic="1")
    (model,) = data["models"]
    assert model["fpr"]["images"] == 1
    assert model["fpr"]["variance"]["reason"] == "it takes two readers and two images"
    assert (
        model["discrimination"]["balanced_accuracy"]["variance"]["reason"]
        == "it takes two images of each kind"
    )
    assert "it takes two readers and two images" in page
    assert {found["answers"] for found in parts(data).values()} == {6, 4, 2, 0}


def test_sixteen_arms(furnished, owner, known):
    for place in range(16):
        asked = sample(
            owner, known.checkpoint, name=f"M{place:02}", seeds=f"{100 + 2 * place}-{101 + 2 * place}"
        )
        assert asked.status_code == 303
    furnished.work()
    page = owner.get("/image-sets").text
    sets = dict(re.findall(r'href="/image-sets/([0-9a-f]{32})"[^>]*>\s*(M\d\d)\s*<', page))
    assert len(sets) == 16
    address = opened(furnished, owner, known, synthetic_set_id=list(sets), n_synthetic=["2"] * 16)
    for place, answers in enumerate((guessing, trusting), start=1):
        assert read_all(furnished, invite(owner, address, f"R{place}"), answers) == 36
    told, data = shown(furnished, owner, address)
    assert [model["model"] for model in data["models"]] == sorted(sets.values())
    assert len(data["pairs"]) == 120
    assert len(data["sensitivity"]) == 16 * len(PARTS)
    assert "FPR differs in" in told
    assert "M07: completers only" in told
