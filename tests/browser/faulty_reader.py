"""A reader on a bad day: rates in a real browser, and things go wrong in an order drawn at random."""

import json
import random
import re
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Error, expect
from sqlalchemy import update

from app.tables.people import ReaderLogin

WITNESS = Path(__file__).with_name("witness.js")
PATIENCE = 30_000
LOOK_MS = 250  # a key that answers at once is not taken before an image can have been seen
DAY_MS = 86_400_000
GO_ON = "#answer input:enabled, main.sheet, #end:not([hidden])"
AT_AN_END = "main.sheet, #end:not([hidden])"
OFTEN = (
    *("double_click", "double_enter", "reload", "back", "two_tabs", "off_line", "response_dropped"),
    *("closed_in_mid_send", "closed_off_line", "changed", "clock_off"),
)
SELDOM = ("login_expired", "locked_out", "server_killed", "long_off_line")


@dataclass(frozen=True, slots=True)
class Mode:
    """What a session asks of its readers: its protocol's fields, the keys of its answers, and how many images stand together."""

    changes: dict[str, str]
    letters: str = "rs"
    at_once: int = 1

    @property
    def undo(self):
        return "allow_undo" in self.changes

    def kept_as(self, answer, likert):
        """What is stored of an answer as it is sent."""
        if not answer:
            return "real" if likert >= 4 else "synthetic"
        return {"left": "real", "right": "synthetic"}.get(answer, answer)


MODES = {
    "both": Mode({"allow_undo": "true"}),
    "scale": Mode({"answering": "likert", "allow_undo": "true"}, letters=""),
    "pairs": Mode({"answering": "pairs", "allow_undo": "true"}, letters="lr", at_once=2),
    "limited": Mode({"exposure_ms": "120"}),
}


class FaultyReader:
    """One reader's browser; `faults` are names of methods, each of which also gives an answer or more."""

    def __init__(self, browser, server, site, link, seed, mode, away_seconds=1):
        self.rng, self.mode = random.Random(seed), mode
        self.server, self.site, self.link, self.away_seconds = server, site, link, away_seconds
        self.context = browser.new_context(viewport={"width": 1366, "height": 768})
        self.context.add_init_script(path=WITNESS)
        self.page = self.context.new_page()
        self.page.goto(self.link)
        self.enter()

    def enter(self):
        self.page.get_by_role("button", name="Continue").click()
        self.page.get_by_role("button", name=re.compile("Start|Go on")).click()

    def read(self, faults):
        """To the last image, with answers on a good line between the faults; gives the faults that happened."""
        happened = []
        while self.goes_on():
            if len(happened) < len(faults) and self.rng.random() < 0.8:
                happened.append(faults[len(happened)])
                getattr(self, happened[-1])()
            else:
                self.answer()
        expect(self.page.get_by_text("everything is saved")).to_be_visible()
        return happened

    def goes_on(self):
        """To the next image; where the last answer can be changed, until the reader wants it no more."""
        while not self.ready():
            if self.page.locator("main.sheet").count():
                return False
            self.rng.choice(
                [self.finish, self.finish, self.finish_off_line, self.page.reload, self.once_more]
            )()
        return True

    def finish(self):
        self.page.locator("#end button").first.click(timeout=PATIENCE)
        self.page.wait_for_selector("main.sheet", timeout=PATIENCE)

    def finish_off_line(self):
        self.context.set_offline(True)
        self.page.locator("#end button").first.click(timeout=PATIENCE)
        self.context.set_offline(False)
        self.page.wait_for_selector("main.sheet", timeout=PATIENCE)

    def once_more(self):
        self.page.keyboard.press("z")
        self.page.wait_for_selector("#answer input:enabled", timeout=PATIENCE)
        self.answer()

    def ready(self):
        """Whether there is an image to rate, once the page has settled."""
        self.page.wait_for_selector(GO_ON, timeout=PATIENCE)
        return self.page.locator(AT_AN_END).count() == 0

    def steady(self):
        """Whether there is an image to rate, on a page where nothing is under way: the next answer is taken for sure."""
        settled(self.page)
        self.page.reload()
        return self.ready()

    def choose(self, page=None):
        """An answer that is not given yet; where one key answers, it is chosen with the mouse."""
        on, point = page or self.page, str(self.rng.randint(1, 5))
        if self.mode.letters:
            on.keyboard.press(self.rng.choice(self.mode.letters))
            on.keyboard.press(point)
        else:
            on.locator(f"#scale input[value='{point}']").check(timeout=PATIENCE)

    def answer(self, page=None):
        on = page or self.page
        if self.mode.letters:
            self.choose(page)
            on.keyboard.press("Enter")
        else:
            on.wait_for_timeout(LOOK_MS)
            on.keyboard.press(str(self.rng.randint(1, 5)))

    def notes(self):
        entries = self.context.storage_state()["origins"]
        items = [item for origin in entries for item in origin["localStorage"]]
        return [json.loads(item["value"]) for item in items if item["name"].startswith("witness ")]

    # What goes wrong.

    def double_click(self):
        self.choose()
        self.page.get_by_role("button", name="Next").dblclick(timeout=PATIENCE)

    def double_enter(self):
        self.answer()
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Enter")

    def reload(self):
        self.answer()
        self.page.reload()

    def back(self):
        self.answer()
        self.page.go_back()
        self.page.go_forward()

    def two_tabs(self):
        """The same image in two tabs, answered in both without waiting."""
        other = self.context.new_page()
        other.goto(f"{self.server.url}/read/rate")
        other.wait_for_selector(GO_ON, timeout=PATIENCE)
        self.answer()
        if other.locator(AT_AN_END).count() == 0:
            with other.expect_response("**/read/ratings", timeout=PATIENCE):
                self.answer(other)
            settled(other)
        other.close()

    def off_line(self):
        self.context.set_offline(True)
        for _ in range(self.rng.randint(1, 3)):
            self.answer()
        self.context.set_offline(False)

    def long_off_line(self):
        """Minutes without a line: on through the images that are held, then it says so."""
        if not self.steady():
            return
        self.context.set_offline(True)
        answered = 0
        while self.page.locator("#answer input:enabled").count():
            self.answer()
            answered += 1
            moved_on(self.page)
        assert 1 <= answered <= 11
        if not self.page.locator("#end:not([hidden])").count():
            expect(self.page.locator("#say")).to_contain_text("no further image is held")
        self.page.wait_for_timeout(1000 * self.away_seconds)
        expect(self.page.locator("#saved")).to_contain_text("Not saved yet")
        self.context.set_offline(False)

    def response_dropped(self):
        """The server has committed, and the line breaks before its answer arrives."""
        if not self.steady():
            return
        dropped = []

        def drop_the_first(route):
            if dropped:
                route.continue_()
            else:
                dropped.append(route.fetch().status)
                route.abort()

        self.page.route("**/read/ratings", drop_the_first)
        with self.page.expect_event("requestfailed", timeout=PATIENCE):
            self.answer()
        self.page.unroute_all(behavior="ignoreErrors")

    def closed_in_mid_send(self):
        self.answer()
        self.come_back()

    def closed_off_line(self):
        self.off_line_until_closed()
        self.come_back()

    def off_line_until_closed(self):
        self.context.set_offline(True)
        self.answer()
        moved_on(self.page)

    def come_back(self):
        self.page.close(run_before_unload=False)
        self.context.set_offline(False)
        self.page = self.context.new_page()
        self.page.goto(f"{self.server.url}/read/rate")

    def changed(self):
        """The answer that was just given, changed before or after it was acknowledged."""
        self.answer()
        if not self.mode.undo or not self.ready():
            return
        self.page.keyboard.press("z")
        self.page.wait_for_selector(GO_ON, timeout=PATIENCE)
        self.answer()

    def clock_off(self):
        """The computer's clock is set by a day, and the page is opened again."""
        self.page.evaluate(
            "off => localStorage.setItem('clock off by', off)", self.rng.choice([-1, 1]) * DAY_MS
        )
        self.answer()
        self.page.reload()
        assert abs(self.page.evaluate("Date.now()") / 1000 - datetime.now(UTC).timestamp()) > 80_000

    def login_expired(self):
        if not self.steady():
            return
        with self.site.parts.database.write() as db:
            db.execute(update(ReaderLogin).values(expires_at=datetime.now(UTC) - timedelta(minutes=1)))
        self.answer()
        expect(self.page.locator("#say")).to_contain_text("personal link")
        self.page.goto(self.link)
        self.enter()

    def locked_out(self):
        """The database is held by another program until an answer has been put off."""
        if not self.steady():
            return
        file = self.site.settings.data_dir / "blindread.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with self.page.expect_response(lambda response: response.status == 503, timeout=PATIENCE):
                self.answer()
            expect(self.page.locator("#saved")).to_contain_text("Not saved yet")

    def server_killed(self):
        self.answer()
        self.server.kill()
        with suppress(Error):
            self.answer()
        self.server.start()


def settled(page):
    """Until nothing waits on this page any more, or it has ended."""
    page.wait_for_function(
        "() => !/Saving|yet/.test(document.getElementById('saved')?.textContent ?? '')", timeout=PATIENCE
    )


def moved_on(page):
    """Until the page has taken the answer: it offers the next image, or says that it has none."""
    page.wait_for_function(
        """() => document.querySelector('#answer input:enabled')
          || document.querySelector('#end:not([hidden])') || /no further image/.test(document.getElementById('say').textContent)""",
        timeout=PATIENCE,
    )
