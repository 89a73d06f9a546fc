"""Take the pictures of `docs/reading-room.md` (every page of a reader, at three sizes) and of `docs/guide.md` (a researcher's way), of the
demonstration's own images.

python -m tests.browser.pictures docs/images
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from app import clock, worker
from app.db import Database
from app.demo import preparation
from app.protocol import scale, wording
from app.protocol.design import Protocol
from app.protocol.practice import Practice
from app.protocol.questions import Question
from app.services import designs, people, sessions
from app.services.feasible import NewSession
from app.settings import Settings, load_settings
from tests.browser.conftest import ARGUMENTS, installed
from tests.browser.study import Study, demonstration
from tests.servers import Server

LOOKS = {
    "laptop": ({"width": 1366, "height": 768}, "light"),
    "desktop": ({"width": 1920, "height": 1080}, "dark"),
    "tablet": ({"width": 1024, "height": 1366}, "light"),
}
PROTOCOL = Protocol(
    consent="You take part in a study of medical images. Your answers are kept under a code and used for research. You can stop at any "
    "time, and withdraw your answers until the study is closed.",
    questions=(
        Question("How many years have you been reading MR?", "number", required=True),
        Question(
            "What is your speciality?",
            "choice",
            ("Radiology", "Neurology", "Medical physics", "Another"),
            required=True,
        ),
        Question("Was there anything that made you suspicious?", after=True),
    ),
    display_check=True,
    smallest_width=800,
    smallest_height=600,
    practice=Practice(real=1, synthetic=1),
    block_size=2,
    cues=wording.CUES,
    remarks=True,
    allow_undo=True,
    debrief="The synthetic images were made by a generator that was trained on slices of one head. Thank you for your time.",
)
OTHERS = {
    "pairs": Protocol(
        answering="pairs",
        instructions=wording.PAIR_INSTRUCTIONS,
        question=wording.SURE_QUESTION,
        likert_labels=scale.SURE_LABELS,
    ),
    "scale": Protocol(
        answering="likert", instructions=wording.LIKERT_INSTRUCTIONS, question=wording.LIKERT_QUESTION
    ),
    "mask": Protocol(exposure_ms=400),
    "again": Protocol(practice=Practice(real=1, synthetic=1, pass_mark=2)),
    "too-small": Protocol(display_check=True, smallest_width=2000),
}
"""Pages that other protocols have, each taken at its first image."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Takes pictures of a page into a folder, each under the page's name and its size."""

    page: Page
    out: Path
    size: str

    def take(self, name: str) -> None:
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(300)  # until what was scrolled is painted
        self.page.screenshot(path=self.out / f"{name}-{self.size}.jpg", type="jpeg", quality=82)


def take_all(out: Path) -> None:
    """Prepare a study of the demonstration's images and walk through it once for each size."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({"BLINDREAD_DATA_DIR": folder})
        preparation.prepare(settings)
        server = Server(folder)
        server.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=installed(), args=ARGUMENTS)
                links = {name: _links(settings, protocol) for name, protocol in OTHERS.items()}
                whole = _links(settings, PROTOCOL)
                for number, (size, look) in enumerate(LOOKS.items()):
                    _walk(_camera(browser, out, size, *look), f"{server.url}/r/{whole[number]}")
                    _wrong_link(_camera(browser, out, size, *look), f"{server.url}/r/{whole[number]}x")
                    for name, tokens in links.items():
                        _first(_camera(browser, out, size, *look), f"{server.url}/r/{tokens[number]}", name)
        finally:
            server.kill()


def _camera(browser: Browser, out: Path, size: str, viewport: dict[str, int], scheme: str) -> Camera:
    return Camera(browser.new_page(viewport=viewport, color_scheme=scheme), out, size)


def _links(settings: Settings, protocol: Protocol) -> list[str]:
    """A session of the demonstration's images under this protocol, with a reader for each size."""
    database, key = Database(settings.database_url), settings.secret_key
    with database.write() as db:
        user = people.by_email(db, preparation.RESEARCHER)
        old = sessions.own(db, user, sessions.listing(db, user, clock.now(), preparation.SESSION)[0].id)
        asked = NewSession(
            "Pictures", "Brain MR slices", old.real_set_id, "3", ((_synthetic(db, old), "3"),), protocol
        )
        session_id = designs.create(db, user, asked, key, clock.now())
        sessions.start_freeze(db, user, session_id, key, clock.now())
    parts = worker.Parts.build(settings, "cpu")
    worker.run_until_idle(parts)
    with database.write() as db:
        sessions.open_session(db, user, session_id, key, clock.now(), preparation.REASON)
        tokens = [sessions.invite(db, user, session_id, "", key, clock.now()).token for _ in LOOKS]
    database.close()
    return tokens


def _synthetic(db, session) -> str:
    return sessions.arms_of(db, session.id)[0].image_set_id


def _walk(camera: Camera, link: str) -> None:
    page = camera.page
    page.goto(link)
    camera.take("link")
    page.get_by_role("button", name="Continue").click()
    camera.take("consent")
    page.get_by_role("button", name="I agree", exact=True).click()
    page.get_by_label("How many years").fill("12")
    page.get_by_label("Radiology").check()
    camera.take("questions")
    page.get_by_role("button", name="Continue").click()
    camera.take("display")
    page.get_by_role("button", name="Yes, all eleven").click()
    camera.take("instructions")
    page.get_by_role("button", name="Start").click()
    _practise(camera)
    _rate(camera)
    camera.take("last-questions")
    page.get_by_role("button", name="Continue").click()
    camera.take("finish")
    page.get_by_text("Withdraw my answers", exact=True).click()
    page.get_by_role("button", name="Withdraw all my answers").click()
    expect(page.get_by_text("Your answers have been withdrawn")).to_be_visible()
    camera.take("withdrawn")
    page.close()


def _wrong_link(camera: Camera, link: str) -> None:
    camera.page.goto(link)
    camera.take("wrong-link")
    camera.page.close()


def _first(camera: Camera, link: str, name: str) -> None:
    """The first image of another session."""
    page = camera.page
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    if name == "too-small":
        window = page.viewport_size
        assert window is not None
        camera.take("display-refused")
        page.set_viewport_size({"width": 2100, "height": 1200})
        page.get_by_role("button", name="Yes, all eleven").click()
        page.set_viewport_size(window)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#answer input").first).to_be_enabled()
    if name == "mask":
        expect(page.locator("#mask")).to_be_visible()
    if name == "again":
        _practise(camera, "again")
    else:
        camera.take(name)
    page.close()


def _practise(camera: Camera, name: str = "practice") -> None:
    for place in (1, 2):
        _at(camera.page, place, 2)
        _answer(camera.page, "r4")
        expect(camera.page.locator("#feedback h2")).to_be_visible()
        if place == 2:
            camera.take(name)
        camera.page.keyboard.press("Enter")


def _rate(camera: Camera) -> None:
    page = camera.page
    for place in range(1, 7):
        if place in {3, 5}:
            expect(page.locator("#break h2")).to_be_visible()
            if place == 3:
                camera.take("break")
            page.keyboard.press("Enter")
        _at(page, place, 6)
        if place == 4:
            _mark(page)
            camera.take("rating")
        page.context.set_offline(place == 5)
        _answer(page, "s2")
        if place == 5:
            _at(page, 6, 6)
            expect(page.locator("#saved")).to_have_text("Not saved yet")
            camera.take("off-line")
    expect(page.get_by_role("heading", name="That was the last image")).to_be_visible()
    camera.take("ending")
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.get_by_text("Some last questions")).to_be_visible()


def _mark(page: Page) -> None:
    box = page.locator("#stimulus").bounding_box()
    assert box is not None
    page.get_by_role("button", name="texture").click()
    page.mouse.move(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.65)
    page.mouse.up()
    page.keyboard.press("s")
    page.keyboard.press("2")


def _at(page: Page, place: int, total: int) -> None:
    expect(page.locator("#position")).to_have_text(f"{place} of {total}")
    expect(page.locator("#answer input").first).to_be_enabled()


def _answer(page: Page, keys: str) -> None:
    for key in (*keys, "Enter"):
        page.keyboard.press(key)


def take_study(out: Path) -> None:
    """Walk through a whole study as a researcher."""
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        demonstration(folder) as stage,
    ):
        browser = playwright.chromium.launch(executable_path=installed(), args=ARGUMENTS)
        camera = _camera(browser, out, "laptop", *LOOKS["laptop"])
        Study(stage, camera.page, camera.take).walk()


if __name__ == "__main__":
    images = Path(sys.argv[1])
    take_all(images / "reading-room")
    take_study(images / "guide")
