"""Texts that would be scripts, in every field that takes a text, on every page that shows it: shown as texts, and nothing runs."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from app.services import steps
from tests.browser import fields
from tests.browser.faulty_reader import settled
from tests.browser.payloads import MANY, PAYLOADS, fitting
from tests.browser.rating import answer
from tests.browser.watched import watched
from tests.factories_dicom import write_slice
from tests.servers import Server
from tests.web import walk
from tests.web.conftest import ADMIN, OWNER, PASSWORD, create, ident, png, sample
from tests.web.test_reminders import days_pass

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
BATCHES = range(0, len(PAYLOADS), 6)


@pytest.fixture
def server(furnished):
    made = Server(furnished.settings.data_dir)
    made.start()
    yield made
    made.kill()


class Texts:
    """The texts of one batch: each field has other payloads, and remembers them."""

    def __init__(self, begin):
        self.begin, self.given, self.typed = begin, {}, {}

    def of(self, field, longest, most=MANY, around="{}"):
        """As many payloads as fit into so many characters, within a text of ours."""
        self.given[field] = fitting(longest - len(around) + 2, self.begin + 5 * len(self.given), most)
        self.typed[field] = around.format(" ~ ".join(self.given[field]))
        return self.typed[field]

    def cell(self, field, longest):
        """The same as a cell of a list."""
        return '"' + self.of(field, longest, most=1).replace('"', '""') + '"'

    def unseen(self, shown):
        """Fields of which some payload stood on no page as it was typed."""
        flat = " ".join(shown.split())
        return [(field, each) for field, chosen in self.given.items() for each in chosen if each not in flat]


class Study:
    """A study whose every text is a payload, made by the researcher through the program's own forms."""

    def __init__(self, site, owner, known, texts):
        self.site, self.owner, self.texts = site, owner, texts
        self.checkpoint = known.checkpoint
        self.sets(known)
        address = create(owner, self.known, **self.design()).headers["location"]
        self.address, self.session_id = address, ident(address)

    def sets(self, known):
        of, owner = self.texts.of, self.owner
        files = [("files", (f"{i}.png", png(i), "image/png")) for i in range(8)]
        real = owner.post("/image-sets", data={"name": of("set name", 120)}, files=files).headers["location"]
        made = sample(owner, known.checkpoint, name=of("samples name", 120), seeds="40-47").headers[
            "location"
        ]
        owner.post(f"{known.checkpoint}/experiment", data={"experiment": of("experiment", 120)})
        self.experiment = re.search(r'"/experiments/([0-9a-f]{32})"', owner.get("/experiments").text)[1]
        facts = {
            "pretraining": of("pretraining", 120),
            "augmentation": of("augmentation", 120),
            "notes": of("experiment notes", 2000),
        }
        owner.post(f"/experiments/{self.experiment}/facts", data=facts)
        self.site.work()
        self.known = type(known)(real, known.checkpoint, made)

    def design(self):
        of = self.texts.of
        self.consent = of("consent", 5000)
        return {
            "title": of("title", 120),
            "public_title": of("public title", 120),
            "instructions": of("instructions", 5000),
            "question": of("scale question", 200),
            "likert_labels": [of(f"label {point}", 60, most=1) for point in range(5)],
            "cues": ",".join(self.texts.cell(f"cue {n}", 60) for n in range(2)),
            "consent": self.consent,
            "debrief": of("debrief", 5000),
            "question_text": [of("question before", 300), of("question after", 300)],
            "question_kind": ["text", "choice"],
            "question_choices": ["", self.texts.cell("choice", 60) + ",other"],
            "question_required": ["", ""],
            "question_when": ["before", "after"],
            "remarks": "true",
            "allow_undo": "true",
        }

    def act(self, what, **fields):
        answer = self.owner.post(f"{self.address}/{what}", data=fields)
        assert answer.status_code in {200, 303}, (what, answer.text)
        return answer

    def open(self):
        self.act("template", name=self.texts.of("template name", 120))
        self.act("freeze")
        self.site.work()
        self.act("open", reason=self.texts.of("opening reason", 2000))

    def reasons(self, researcher):
        """Pause, look early and open again, each with its reason, and see the page at each state."""
        self.act("pause", reason=self.texts.of("pause reason", 2000))
        researcher.visit(self.address)
        self.act("resume")
        self.act("unblinding/early", reason=self.texts.of("early look reason", 2000))
        self.site.work()
        researcher.visit(f"{self.address}/report")
        self.act("close")
        self.act("reopen", reason=self.texts.of("reopening reason", 2000))
        researcher.visit(self.address)
        self.act("close")
        self.act("unblinding")
        self.site.work()

    def letters(self, researcher):
        """A list of readers with names, and the mails to them."""
        of = self.texts.of
        wordings = {"invitation": "{{link}} {}", "reminder": "{{link}} {{no_reminders}} {}"}
        for kind, around in wordings.items():
            wording = {"subject": of(f"{kind} subject", 150), "body": of(f"{kind} body", 3000, around=around)}
            self.act("invitations/wording", kind=kind, **wording)
        code, name = of("reader code", 40, most=1), of("reader name", 120)
        row = ",".join('"' + each.replace('"', '""') + '"' for each in (code, "reader@example.org", name))
        researcher.post(f"{self.address}/readers/list", {"codes": f"code,email,name\n{row}"})
        researcher.visit(f"{self.address}/invitations")
        researcher.post(f"{self.address}/invitations/mail", {})
        days_pass(self.site, 8)
        researcher.visit(f"{self.address}/reminders")
        readings = re.findall(r'name="reading" value="(\w+)"', researcher.page.content())
        researcher.post(f"{self.address}/reminders", {"reading": readings})


def signed_in(guest, email=OWNER):
    guest.page.goto(f"{guest.url}/sign-in")
    guest.page.get_by_label("E-mail").fill(email)
    guest.page.get_by_label("Password").fill(PASSWORD)
    guest.page.keyboard.press("Enter")
    guest.page.wait_for_url(f"{guest.url}/")


def read_it(study, reader, link):
    """A reader's way through all steps, looking at each page; remarks and answers are payloads, too."""
    of = study.texts.of
    reader.visit(link)
    reader.post(link, {})
    reader.post("/read/consent", {"version": steps.version(study.consent), "agrees": "yes"})
    reader.post("/read/questionnaire", {"q1": of("answer to a question", 1000)})
    reader.post("/read/start", {})
    remark_and_look_back(reader, of("remark", 1000))
    asking = reader.page.context.request
    state = asking.get("/read/state").json()
    while state["current"]:
        body = {"item": state["current"], "key": f"key-{state['current']}", "answer": "real", "likert": 2}
        mark = {"cue": study.texts.typed["cue 0"], "x": 0.5, "y": 0.5}
        answered = asking.post("/read/ratings", data={**body, "shown_ms": 900, "marks": [mark]})
        assert answered.ok, answered.text()
        state = answered.json()
    reader.visit("/read/rate")
    asking.post("/read/finish")
    reader.visit("/read")
    reader.post("/read/questionnaire", {"after": "true", "q2": study.texts.typed["choice"]})
    reader.visit("/read")


def remark_and_look_back(reader, remark):
    """A remark is typed, and stands there again when its image is looked at once more."""
    page = reader.page
    expect(page.locator("#answer input").first).to_be_enabled()
    page.fill("#remark", remark)
    page.keyboard.press("Escape")
    answer(page)
    expect(page.locator("#position")).to_have_text(re.compile("^2 "))
    page.keyboard.press("z")
    expect(page.locator("#remark")).to_have_value(remark)
    settled(page)  # the answer is with the server, whose word counts from here on
    reader.look("the last answer")


def files_of_browsers(study, guest, folder):
    """Names of files, which the browser that sent them shows, and what stands in a DICOM file."""
    of = study.texts.of
    names = [of(f"file name {n}", 60, most=1).replace("/", "") for n in range(3)]
    for n in range(3):
        study.texts.given[f"file name {n}"] = [names[n]]
    tagged = write_slice(folder / "a.dcm", np.zeros((16, 16), np.uint16), patient=PAYLOADS[1]).read_bytes()
    files = [{"name": name, "mimeType": "image/png", "buffer": b"no image"} for name in names]
    files.append({"name": "a.dcm", "mimeType": "application/dicom", "buffer": tagged})
    guest.page.goto(f"{guest.url}/image-sets/new")
    guest.page.fill("#name", of("draft name", 120))
    guest.page.set_input_files("#files", files)
    guest.page.get_by_role("button", name="Upload and preview").click()
    guest.page.wait_for_url("**/image-sets/drafts/*")
    guest.look("a draft")
    guest.visit("/image-sets")
    guest.page.go_back()
    guest.page.get_by_role("button", name="Import", exact=True).click()
    guest.page.wait_for_url(re.compile(r"/image-sets/[0-9a-f]{32}$"))
    study.site.work()
    expect(guest.page.locator("[data-job]")).to_have_count(0)  # it loads itself again, once
    guest.page.wait_for_load_state()
    guest.look("a set of it")


def pages(site, ids):
    """The addresses of all pages: routes that read, with these names in them."""
    for method, path in walk.routes(site.app.app):
        if (
            method == "GET"
            and not path.endswith((".png", ".json"))
            and "{token}" not in path
            and "{name}" not in path
        ):
            yield re.sub(r"{(\w+)(:\w+)?}", lambda match: ids[match[1]], path)


@pytest.mark.parametrize(
    "begin", [BATCHES[0], *(pytest.param(begin, marks=pytest.mark.soak) for begin in BATCHES[1:])]
)
def test_texts_are_shown_as_texts_and_run_nothing(browser, server, furnished, owner, known, tmp_path, begin):
    texts = Texts(begin)
    study = Study(furnished, owner, known, texts)
    with watched(browser, server.url) as researcher, watched(browser, server.url) as reader:
        signed_in(researcher)
        researcher.visit(f"{study.address}/design")
        study.open()
        study.letters(researcher)
        researcher.post(
            f"{study.address}/readers", {"code": texts.of("single code", 40, most=1, around="S{}")}
        )
        link = "/r/" + researcher.page.content().partition("/r/")[2].partition('"')[0]
        read_it(study, reader, link)
        researcher.post(f"{study.address}/open-link", {"most": "5"})
        with watched(browser, server.url) as stranger:
            joining = "/read/join/" + researcher.page.content().partition("/read/join/")[2].partition('"')[0]
            stranger.visit(joining)
            stranger.post(joining, {})
        token = {"name": texts.of("token name", 60), "days": "30", "present": PASSWORD}
        researcher.post("/account/tokens", token)
        researcher.visit("/account/tokens")
        study.reasons(researcher)
        files_of_browsers(study, researcher, tmp_path)
        ids = walk.furnish(owner, furnished, known) | {
            "session_id": study.session_id,
            "experiment_id": study.experiment,
            "set_id": ident(study.known.real_set),
            "image_id": "0" * 32,
        }
        for path in [
            *pages(furnished, ids),
            study.known.synthetic_set,
            f"/sessions/new?session={study.session_id}",
        ]:
            researcher.visit(path)
        signed_in(researcher, ADMIN)
        address = texts.of("user's address", 60, most=0, around="{}@example.org")
        researcher.post("/admin/users", {"email": address, "role": "researcher"})
        researcher.visit("/admin/users")
        researcher.post(f"{study.address}/colleagues", {"email": address})
        for path in ("/", "/sessions", "/image-sets", "/checkpoints", study.address):
            researcher.visit(path)
        with watched(browser) as alone:
            file = tmp_path / "report.html"
            file.write_bytes(owner.get(f"{study.address}/export/report.html").content)
            alone.page.goto(file.as_uri())
            alone.look("report.html from the disk")
        shown = researcher.shown() + reader.shown()
    assert texts.unseen(shown) == []
    assert set(fields.STUDY.values()) <= texts.given.keys()
    assert len(researcher.visited) + len(reader.visited) > 45
