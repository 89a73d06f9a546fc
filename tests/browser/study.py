"""A whole study on the demonstration's images, from the design to the files: walked by a test, and by the camera of the guide's pictures."""

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import httpx2
from playwright.sync_api import expect
from sqlalchemy import select

from app import worker
from app.demo import preparation
from app.settings import load_settings
from app.tables.people import Reader
from app.tables.sessions import Item, Presentation, Reading, VttSession
from tests.servers import Server
from tests.web.test_reminders import days_pass

TITLE = "Two truncations, first readers"
LISTED = "code,email\n" + "".join(f"R0{n},reader{n}@example.org\n" for n in range(1, 8))
REASON = "A demonstration: the small generator is told apart by its background."
WAIT = 90_000


@dataclass(slots=True)
class Stage:
    """A server with the demonstration's data, the worker's parts to do its jobs with, and the personal link that it comes with."""

    server: Server
    parts: worker.Parts
    password: str
    link: str

    def work(self):
        worker.run_until_idle(self.parts)


@contextmanager
def demonstration(folder):
    """A running server on the demonstration's data."""
    settings = load_settings({"BLINDREAD_DATA_DIR": str(folder)})
    credentials, server = preparation.prepare(settings), Server(folder)
    stage = Stage(
        server,
        worker.Parts.build(settings, "cpu"),
        credentials.researcher_password,
        f"{server.url}/r/{credentials.link_token}",
    )
    stage.server.start()
    try:
        yield stage
    finally:
        stage.server.kill()
        stage.parts.database.close()


class Study:
    """The researcher's way; `take(name)` is called where a page is worth a picture."""

    def __init__(self, stage, page, take):
        self.stage, self.page, self.take = stage, page, take
        self.url = stage.server.url
        self.session = ""

    def walk(self):
        self.sign_in()
        self.sample()
        self.design()
        self.open()
        links = self.invite()
        readers = [Participant(self.url, link) for link in links[:6]]
        for reader in readers[:5]:
            reader.finish()
        readers[5].begin(images=3)
        self.watch(links[4])
        self.remind()
        self.close()

    def work(self):
        """Let the worker do what the page has just asked for."""
        expect(self.page.locator("[data-job]")).to_be_visible()
        self.stage.work()

    def sign_in(self):
        self.page.goto(f"{self.url}/sign-in")
        self.page.get_by_label("E-mail").fill(preparation.RESEARCHER)
        self.page.get_by_label("Password").fill(self.stage.password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()

    def sample(self):
        """A second model: the same generator, truncated."""
        page = self.page
        page.goto(f"{self.url}/checkpoints")
        page.get_by_role("main").get_by_role("link").filter(has_not_text="Register").first.click()
        page.fill("#name", "Truncated, seeds 0–11")
        page.fill("#seeds", "0-11")
        page.fill("#psi", "0.7")
        page.get_by_role("button", name="Start sampling").click()
        self.work()
        expect(page.locator(".thumbs img")).to_have_count(12, timeout=WAIT)

    def design(self):
        page = self.page
        page.goto(f"{self.url}/sessions/new")
        self.take("templates")
        page.get_by_role("link", name="Reader study for a publication").click()
        page.get_by_label("Title, for you").fill(TITLE)
        page.get_by_label("Title, for readers").fill("Brain MR slices")
        page.fill("#n_real", "8")
        page.select_option("#synthetic_set_id", label="Demo samples, seeds 0–59 (60)")
        page.fill("#n_synthetic", "6")
        page.get_by_text("More models under test").click()
        page.select_option("#synthetic-2", label="Truncated, seeds 0–11 (12)")
        page.fill("#n-synthetic-2", "6")
        page.get_by_text("Give each model a block").click()
        page.get_by_label("Check the display first").uncheck()
        for name, number in (
            ("practice_real", 1),
            ("practice_synthetic", 1),
            ("repeats", 2),
            ("repeat_lag", 3),
            ("catch", 2),
        ):
            page.fill(f"#{name}", str(number))
        page.fill("#plan_readers", "7")
        expect(page.locator("[data-plan]")).to_contain_text("7 readers × 6 synthetic images")
        expect(page.locator("[data-plan]")).to_contain_text("of each model by itself")
        page.locator("h1").scroll_into_view_if_needed()
        self.take("design")
        page.get_by_role("button", name="Create draft").click()
        expect(page.get_by_role("heading", name="Next: freeze")).to_be_visible()
        self.session = page.url

    def open(self):
        page = self.page
        confirmed(page, "Freeze")
        self.work()
        expect(page.get_by_role("heading", name="Next: open")).to_be_visible(timeout=WAIT)
        page.fill("#reason", REASON)
        page.get_by_role("button", name="Open for readers").click()
        expect(page.get_by_role("heading", name="Readers are at work")).to_be_visible()

    def invite(self):
        page = self.page
        page.get_by_role("link", name="Invite several at once").click()
        page.get_by_label("A code a line").fill(LISTED)
        page.get_by_role("button", name="Make their links").click()
        expect(page.get_by_role("heading", name="7 personal links")).to_be_visible()
        return page.locator("td code").all_inner_texts()

    def watch(self, link):
        """One who has finished withdraws in a browser, and the open page of the session follows."""
        page = self.page
        page.goto(self.session)
        expect(page.locator("[data-watch]")).to_contain_text("6 analysed")
        reader = page.context.browser.new_context().new_page()
        reader.goto(link)
        reader.get_by_role("button", name="Continue").click()
        reader.get_by_text("Withdraw my answers", exact=True).click()
        reader.get_by_role("button", name="Withdraw all my answers").click()
        expect(reader.get_by_text("Your answers have been withdrawn")).to_be_visible()
        reader.context.close()
        expect(page.locator("[data-watch]")).to_contain_text("withdrew", timeout=20_000)
        page.evaluate("window.scrollTo(0, 330)")
        self.take("readers")

    def remind(self):
        page = self.page
        days_pass(SimpleNamespace(parts=self.stage.parts), 8)
        page.goto(self.session)
        page.get_by_role("link", name="Remind those who stalled").click()
        expect(page.locator("tbody tr")).to_have_count(2)
        self.take("reminders")
        page.get_by_role("button", name="Show 2 reminders to copy").click()
        expect(page.get_by_role("heading", name="2 mails to copy")).to_be_visible()

    def close(self):
        page = self.page
        page.goto(self.session)
        confirmed(page, "Close the session")
        page.get_by_role("button", name="See the report").click()
        self.work()
        expect(page.locator("p.lead").first).to_contain_text("%", timeout=WAIT)
        self.take("report")

    def exported(self, name):
        return self.page.context.request.get(f"{self.session}/export/{name}").text()

    def first_blocks(self):
        """How many readers saw which block first."""
        query = (
            select(Reader.code, Item.block)
            .join(Reading, Reading.reader_id == Reader.id)
            .join(Presentation, Presentation.reading_id == Reading.id)
            .join(Item, Item.id == Presentation.item_id)
            .join(VttSession, VttSession.id == Reading.session_id)
            .where(VttSession.title == TITLE, Item.kind != "practice")
            .order_by(Presentation.position.desc())
        )
        with self.stage.parts.database.read() as db:
            return Counter(dict(db.execute(query).all()).values())


class Participant:
    """A reader over HTTP, who calls everything real, and agrees to what is asked."""

    def __init__(self, url, link):
        self.client = httpx2.Client(base_url=url, headers={"Origin": url}, timeout=30)
        self.link = link

    def begin(self, images):
        with self.client as ask:
            return self._read(ask, images)

    def _read(self, ask, images):
        assert ask.post(self.link).status_code == 303
        page = ask.get("/read").text
        version = re.search(r'name="version" value="([^"]+)"', page)[1]
        assert version
        assert ask.post("/read/consent", data={"version": version, "agrees": "yes"}).status_code == 303
        assert ask.post("/read/questionnaire", data={"q1": "Radiology", "q2": "11"}).status_code == 303
        assert ask.post("/read/start").status_code == 303
        state = ask.get("/read/state").json()
        while state["current"] and images != 0:
            images -= not state["practising"]
            body = {
                "item": state["current"],
                "answer": "real",
                "likert": 4,
                "key": state["current"],
                "shown_ms": 2500,
            }
            answer = ask.post("/read/ratings", json=body)
            assert answer.status_code == 200, answer.text
            state = answer.json()
        return state

    def finish(self):
        assert self.begin(images=-1)["finished"]


def confirmed(page, act):
    page.get_by_role("button", name=act).click()
    page.get_by_role("dialog").get_by_role("button", name=act).click()
