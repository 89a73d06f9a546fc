"""The report of a closed session: the known answers' figures, on the page and in the files; every look is logged."""

import base64
import csv
import io
import json
import math
import re

import pytest
from sqlalchemy import select

from app.imaging import stimulus, thumbnail
from app.report import r_packages, rows
from app.services import audit
from app.tables.audit import AuditEvent
from tests.web.conftest import ADMIN, OTHER, ident, invite, opened, png, read_all, text

EXPORTS = (
    "per_reader.csv",
    "ratings.csv",
    "summary.csv",
    "images.csv",
    "table2.csv",
    "codebook.csv",
    "audit_head.json",
    "manifest.json",
    "report.json",
    "report.html",
    "tables.tex",
    *r_packages.NAMES,
    "checklists.csv",
    "methods.md",
)


class Doubtful:
    """Calls all real images real but one, all synthetic ones synthetic but one; sure of it by 5 and 1, of the slips by 4 and 2."""

    def __init__(self):
        self.real = {stimulus.encode(stimulus.decode(png(i))) for i in range(8)}
        self.slipped = set()

    def __call__(self, _position, data):
        truth = "real" if data in self.real else "synthetic"
        if truth not in self.slipped:
            self.slipped.add(truth)
            return ("synthetic", 2) if truth == "real" else ("real", 4)
        return (truth, 5) if truth == "real" else (truth, 1)


@pytest.fixture
def read(furnished, owner, known):
    """A session that two readers with known answers have finished; still open."""
    address = opened(furnished, owner, known)
    assert read_all(furnished, invite(owner, address, "Ann"), Doubtful()) == 8
    assert read_all(furnished, invite(owner, address, "Bob"), lambda *_: ("real", 3)) == 8
    return address


@pytest.fixture
def closed(owner, read):
    owner.post(f"{read}/close")
    return read


@pytest.fixture
def reported(furnished, owner, closed):
    """The closed session after its owner asked for the report."""
    assert owner.post(f"{closed}/unblinding").headers["location"] == f"{closed}/report"
    assert "Waiting for the worker" in owner.get(f"{closed}/report").text
    furnished.work()
    return closed


def export(client, address: str, name: str) -> str:
    answer = client.get(f"{address}/export/{name}")
    assert answer.status_code == 200, answer.text
    return answer.content.decode()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def looks(site, address: str) -> list[tuple[str, str]]:
    """(actor, what) of each look at this session's truth in the audit trail, which has to be whole."""
    with site.parts.database.read() as db:
        assert audit.first_break(db, site.settings.secret_key) is None
        found = db.scalars(
            select(AuditEvent)
            .where(AuditEvent.action == "unblinding", AuditEvent.subject == f"session:{ident(address)}")
            .order_by(AuditEvent.number)
        )
        return [(event.actor, str(event.details["what"])) for event in found]


def test_it_works(owner, reported):
    page = text(owner.get(f"{reported}/report"))
    for words in ("Ann", "Bob", "75 % (3/4)", "100 % (4/4)", "Mean ± SD", "per_reader.csv"):
        assert words in page, words


def test_per_reader_figures_are_those_of_the_known_answers(owner, reported):
    ann, bob = table(export(owner, reported, "per_reader.csv"))
    counts = ("n_real", "n_synthetic", "tp", "fn", "fp", "tn")
    assert [ann[name] for name in counts] == ["4", "4", "3", "1", "1", "3"]
    assert [bob[name] for name in counts] == ["4", "4", "4", "0", "4", "0"]
    rates = ("precision", "recall", "accuracy", "fpr", "fnr")
    assert [float(ann[name]) for name in rates] == [0.75, 0.75, 0.75, 0.25, 0.25]
    assert [float(bob[name]) for name in rates] == [0.5, 1, 0.5, 1, 0]
    assert (ann["reader"], bob["reader"]) == ("Ann", "Bob")
    assert float(ann["likert_diff"]) == pytest.approx((5 * 3 + 2) / 4 - (1 * 3 + 4) / 4)
    assert float(bob["likert_diff"]) == 0


def test_means_and_standard_deviations_are_over_readers(owner, reported):
    recall = next(row for row in table(export(owner, reported, "summary.csv")) if row["metric"] == "recall")
    assert float(recall["mean"]) == pytest.approx(0.875)
    assert float(recall["sd"]) == pytest.approx(math.sqrt(2 * 0.125**2))
    assert "88 ± 18 %" in text(owner.get(f"{reported}/report"))


def test_ratings_csv_holds_every_answer_and_is_what_the_command_reads(owner, reported):
    ratings = rows.parse(export(owner, reported, "ratings.csv"))
    assert len(ratings) == 16
    bob = [rating for rating in ratings if rating.reader == "Bob"]
    assert {(rating.answer, rating.likert, rating.seconds) for rating in bob} == {("real", 3, 1.5)}
    assert sorted(rating.truth for rating in bob) == ["real"] * 4 + ["synthetic"] * 4
    assert [rating.position for rating in bob] == list(range(1, 9))
    assert {rating.model for rating in bob if rating.truth == "synthetic"} == {"Samples"}
    described = {row["column"] for row in table(export(owner, reported, "codebook.csv"))}
    assert set(table(export(owner, reported, "ratings.csv"))[0]) <= described


def test_likert_ratings_stand_by_truth(owner, reported):
    likert = json.loads(export(owner, reported, "report.json"))["models"][0]["likert"]
    shown = {each["truth"]: each["distribution"] for each in likert}
    assert shown["real"] == {"1": 0, "2": 1, "3": 4, "4": 0, "5": 3}
    assert shown["synthetic"] == {"1": 3, "2": 0, "3": 4, "4": 1, "5": 0}


def test_page_and_files_agree(owner, reported):
    page = owner.get(f"{reported}/report").text
    file = export(owner, reported, "report.html")
    for words in re.findall(
        r"<td>([^<]+)</td>", page.partition('class="card report"')[2].partition("</section>")[0]
    ):
        assert words in file, words


def test_every_file_of_the_export_comes(owner, reported):
    for name in EXPORTS:
        answer = owner.get(f"{reported}/export/{name}")
        assert answer.status_code == 200, name
        assert len(answer.content) > 100
        assert f'filename="{name}"' in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_shows_the_images_that_fooled_readers_and_those_that_did_not(owner, reported):
    page = owner.get(f"{reported}/report").text
    listed = {row["image"]: row for row in table(export(owner, reported, "images.csv"))}
    assert {(row["truth"], row["wrong"]) for row in listed.values()} == {
        ("real", "0"),  # Ann was wrong about one image of each kind, and Bob called everything real
        ("real", "1"),
        ("synthetic", "1"),
        ("synthetic", "2"),
    }
    shown = re.findall(r'src="data:image/png;base64,([^"]+)"\s+alt="(\w+) image (\d+)"', page)
    by_name = {image: (truth, base64.b64decode(picture)) for picture, truth, image in shown}
    assert set(by_name) == {image for image, row in listed.items() if row["wrong"] != "1"}
    real = {thumbnail.encode(stimulus.decode(png(i))) for i in range(8)}
    assert all((picture in real) == (truth == "real") for truth, picture in by_name.values())
    (fooled,) = [image for image, row in listed.items() if row["wrong"] == "2"]
    assert f'alt="synthetic image {fooled}"' in " ".join(export(owner, reported, "report.html").split())


def test_figures_are_svg_without_scripts(owner, reported):
    page = owner.get(f"{reported}/report").text
    figures = re.findall(rf'src="({reported}/report/figures/[^"]+\.svg)"', page)
    names = ["rates", "likert", "roc", "criterion", "fooling", "agreement", "course", "time", "flow"]
    assert [address.rpartition("/")[2] for address in figures] == [f"{name}.svg" for name in names]
    assert page.count("<figcaption>") == len(names)
    assert "Is a reader sceptical or blind?" in page
    for address in figures:
        figure = owner.get(address)
        assert figure.headers["content-type"] == "image/svg+xml"
        assert "<svg" in figure.text
        assert "<script" not in figure.text


def test_methods_and_checklists_know_the_session(owner, reported):
    methods = " ".join(export(owner, reported, "methods.md").split())
    for sentence in (
        "4 real images and 4 synthetic images of",
        "rated how real it looked from 1",
        "Of 2 invited readers 2 began to read and 2 finished. 16 answers of 2 readers were analysed.",
        "a margin fixed in the protocol before the reading",
    ):
        assert sentence in methods
    items = {
        (row["checklist"], row["item"]): row["text"]
        for row in table(export(owner, reported, "checklists.csv"))
    }
    assert re.search(r"open from \d{4}-\d\d-\d\d to \d{4}-", items["STARD 2015", "8"])
    assert items["STARD 2015", "30"] == "author"
    assert "Looking was not limited in time." in owner.get(f"{reported}/report").text


@pytest.mark.parametrize("name", ["nothing.csv", "secret.key", "..%2f..%2fsecret.key", "demo.json"])
def test_nothing_else_can_be_had_by_the_export(owner, reported, name):
    assert owner.get(f"{reported}/export/{name}").status_code == 404
    assert owner.get(f"{reported}/report/figures/{name}").status_code == 404


@pytest.mark.parametrize("name", EXPORTS)
def test_while_readers_work_nobody_gets_the_truth(furnished, owner, read, name):
    for client in (owner, furnished.browser(ADMIN)):
        assert client.get(f"{read}/export/{name}").status_code == 409
        assert client.post(f"{read}/unblinding").status_code == 409
        page = client.get(f"{read}/report")
        assert page.status_code == 200
        assert "before the session is closed" in text(page)
    assert looks(furnished, read) == []


def test_seeing_the_report_takes_a_deliberate_act(furnished, owner, closed):
    page = text(owner.get(f"{closed}/report"))
    assert "this is logged" in page
    assert "Ann" not in page
    assert looks(furnished, closed) == []


def test_every_look_is_written_down_with_who_and_what(furnished, owner, reported):
    before = looks(furnished, reported)
    owner.get(f"{reported}/report")
    owner.get(f"{reported}/export/ratings.csv")
    owner.get(f"{reported}/report/figures/rates.svg")
    new = looks(furnished, reported)[len(before) :]
    assert [what for _, what in new] == ["report", "export ratings.csv", "figure rates.svg"]
    assert len({actor for actor, _ in new}) == 1
    assert new[0][0].startswith("user:")
    assert "@" not in new[0][0]


def test_one_person_s_look_is_not_another_s(furnished, owner, reported):
    admin = furnished.browser(ADMIN)
    assert "Ann" not in admin.get(f"{reported}/report").text
    admin.post(f"{reported}/unblinding")
    assert "75 % (3/4)" in text(admin.get(f"{reported}/report"))
    assert len({actor for actor, _ in looks(furnished, reported)}) == 2


def test_a_refused_look_is_none(furnished, owner, closed):
    owner.get(f"{closed}/export/nothing.csv")
    furnished.browser(OTHER).get(f"{closed}/export/ratings.csv")
    assert looks(furnished, closed) == []


def test_a_report_that_is_being_made_has_to_be_waited_for(owner, closed):
    owner.post(f"{closed}/unblinding")
    answer = owner.get(f"{closed}/export/per_reader.csv")
    assert answer.status_code == 409
    assert "not there yet" in text(answer)


def test_asking_again_makes_nothing_twice(furnished, owner, closed):
    jobs = set()
    for _ in range(3):
        owner.post(f"{closed}/unblinding")
        jobs.add(re.search(r'data-job="([0-9a-f]{32})"', owner.get(f"{closed}/report").text)[1])
    assert len(jobs) == 1
    furnished.work()
    owner.post(f"{closed}/unblinding")
    assert "data-job" not in owner.get(f"{closed}/report").text


def test_a_session_that_nobody_read_says_so(furnished, owner, known):
    address = opened(furnished, owner, known)
    owner.post(f"{address}/close")
    owner.post(f"{address}/unblinding")
    furnished.work()
    page = owner.get(f"{address}/report")
    assert page.status_code == 200
    assert re.search(r"\bno\b|\bnobody\b|not", text(page).partition("<main")[2], re.IGNORECASE)
    assert "nan" not in text(page).partition("<main")[2].lower()
    assert table(export(owner, address, "ratings.csv")) == []


def test_a_changed_mind_counts_once_with_its_last_answer(furnished, owner, known):
    address = opened(furnished, owner, known, allow_undo="true")
    reader = furnished.browser()
    reader.post(invite(owner, address, "Cy"))
    reader.post("/read/start")
    first = reader.get("/read/state").json()["current"]
    body = {"item": first, "answer": "real", "likert": 5, "key": "first-answer", "shown_ms": 10.0}
    reader.post("/read/ratings", json=body)
    again = {**body, "answer": "synthetic", "likert": 1, "key": "second-answer", "revises": True}
    assert reader.post("/read/ratings", json=again).status_code == 200
    owner.post(f"{address}/close")
    (row,) = table(export(owner, address, "ratings.csv"))
    assert (row["answer"], row["likert"]) == ("synthetic", "1")


@pytest.mark.parametrize("path", ["export/ratings.csv", "report/figures/rates.svg"])
def test_another_site_makes_nobody_look(furnished, owner, read, path):
    address = read[0] if isinstance(read, tuple) else read
    owner.post(f"{address}/close")
    with furnished.parts.database.read() as db:
        before = len(db.scalars(select(AuditEvent)).all())
    answer = owner.get(f"{address}/{path}", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "asked for from another site" in text(answer)
    with furnished.parts.database.read() as db:
        assert len(db.scalars(select(AuditEvent)).all()) == before
