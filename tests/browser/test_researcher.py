"""Researchers' pages in a real browser: axe on every page, uploads, moving bars, questions before acts, life without scripts."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests import studies
from tests.blinding import material
from tests.browser.accessibility import violations
from tests.cli.test_experiments import written
from tests.web.conftest import create, ident, invite, opened, png, read_all

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def audited(site, owner):
    """The address of a frozen session with findings, whose single images the owner has looked at."""
    address = studies.frozen(site, *studies.heads(plant=material.border))
    site.work()
    assert owner.post(f"{address}/audit/look").status_code == 303
    return address


def experiments(site, owner, tmp_path):
    """The addresses of an experiment that diverges, and of a comparison."""
    gaps = [*[0.5] * 60, *np.linspace(1, 6, 40)]
    run = written(tmp_path / "run", [(100, 40.0), (200, 12.5)], gaps=gaps, augment=0.001)
    files = [("files", (path.name, path.read_bytes())) for path in run.iterdir()]
    experiment = owner.post("/experiments", data={"name": "A run"}, files=files).headers["location"]
    owner.post(f"{experiment}/facts", data={"images": "900", "patients": "12"})
    site.work()
    asked = {"experiments": ident(experiment), "baseline": ident(experiment)}
    comparison = owner.post("/experiments/comparisons", data=asked).headers["location"]
    site.work()
    return experiment, comparison


def test_every_page_is_accessible(furnished, owner, known, signed_in, tmp_path):
    draft = create(owner, known).headers["location"]
    read = opened(furnished, owner, known)
    read_all(furnished, invite(owner, read), lambda *_: ("real", 4))
    owner.post(f"{read}/close")
    owner.post(f"{read}/unblinding")
    running = opened(furnished, owner, known)
    invite(owner, running)
    frozen = audited(furnished, owner)
    files = [("files", ("a.png", png(1))), ("files", ("b.png", b"text"))]
    partly = owner.post("/image-sets", data={"name": "Partly refused"}, files=files).headers["location"]
    broken = owner.post("/checkpoints", data={"name": "Broken"}, files={"file": ("a.pkl", b"x")}).headers[
        "location"
    ]
    experiment, comparison = experiments(furnished, owner, tmp_path)
    page = signed_in(bypass_csp=True)  # axe is put into the page; the policy has tests of its own
    addresses = ["/", "/sessions", "/sessions/new", draft, read, f"{read}/report", running]
    addresses += [f"{draft}/audit", f"{read}/audit", frozen, f"{frozen}/audit"]
    addresses += ["/image-sets", "/image-sets/new", known.real_set, known.synthetic_set, partly]
    addresses += ["/checkpoints", "/checkpoints/new", known.checkpoint, broken]
    addresses += ["/experiments", "/experiments/new", experiment, comparison]
    found = []
    for address in addresses:
        page.goto(address)
        if page.locator("details").count():
            for summary in page.locator("summary").all():
                summary.click()
        found += violations(page)
    page.goto(running)
    page.get_by_role("button", name="Close the session").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += violations(page)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Make a personal link").click()
    expect(page.get_by_role("heading", name="Personal link of R02")).to_be_visible()
    found += violations(page)
    page.get_by_role("button", name="Sign out").click()
    found += violations(page)
    assert found == []


def test_no_page_is_wider_than_a_small_screen(owner, known, furnished, signed_in, tmp_path):
    read = opened(furnished, owner, known)
    invite(owner, read)
    page = signed_in(viewport={"width": 390, "height": 800})
    for address in (
        "/",
        "/sessions/new",
        read,
        f"{audited(furnished, owner)}/audit",
        "/image-sets/new",
        "/checkpoints/new",
        known.real_set,
        known.checkpoint,
        "/experiments",
        "/experiments/new",
        *experiments(furnished, owner, tmp_path),
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_acts_that_cannot_be_taken_back_are_asked_about_and_can_be_done_by_keyboard(
    furnished, owner, known, signed_in
):
    address = create(owner, known).headers["location"]
    page = signed_in()
    page.goto(address)
    freeze = page.get_by_role("button", name="Freeze", exact=True)
    freeze.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("can't be changed afterwards")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(freeze).to_be_focused()
    assert "Waiting for the worker" not in owner.get(address).text
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waiting for the worker")).to_be_visible()
    furnished.work()
    expect(page.get_by_role("heading", name="Next: open")).to_be_visible()


def test_a_personal_link_is_copied_and_opens_the_reading(furnished, owner, known, signed_in, browser, url):
    address = opened(furnished, owner, known)
    page = signed_in(permissions=["clipboard-read", "clipboard-write"])
    page.goto(address)
    page.get_by_label("Code of the reader").fill("N17")
    page.get_by_role("button", name="Make a personal link").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(re.escape(url) + r"/r/[\w-]{22,}", link)
    reader = browser.new_page()
    reader.goto(link)
    expect(reader.get_by_text("Brain slices").first).to_be_visible()
    reader.close()


def test_everything_essential_works_without_scripts(furnished, known, signed_in, tmp_path):
    page = signed_in(java_script_enabled=False)
    file = tmp_path / "a.png"
    file.write_bytes(png(1))
    page.goto("/image-sets/new")
    page.get_by_label("Name of the set").fill("Plain form")
    page.get_by_label("Files or a zip").set_input_files(file)
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_label("Size in pixels").fill("32")
    page.get_by_role("button", name="Show preview").click()
    expect(page.get_by_role("img", name="File 1")).to_be_visible()
    expect(page.get_by_label("Size in pixels")).to_have_value("32")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Plain form")).to_be_visible()
    page.goto("/sessions/new")
    page.get_by_label("Title, for you").fill("No scripts")
    page.get_by_label("Title, for readers").fill("Slices")
    page.get_by_label("Real images").select_option(ident(known.real_set))
    page.get_by_label("Synthetic images").select_option(ident(known.synthetic_set))
    for count in page.get_by_label("How many", exact=True).all()[:2]:
        count.fill("4")
    page.get_by_role("button", name="Create draft").click()
    page.get_by_role("button", name="Freeze").click()
    furnished.work()
    page.reload()
    page.get_by_label("Why it is opened all the same").fill("Images of a test that are too small.")
    page.get_by_role("button", name="Open for readers").click()
    page.get_by_role("button", name="Make a personal link").click()
    expect(page.get_by_label("Link", exact=True)).to_have_value(re.compile(r"/r/[\w-]{22,}$"))
    page.get_by_role("link", name="Back to the session").click()
    page.get_by_role("button", name="Close the session").click()
    page.get_by_role("button", name="See the report").click()
    furnished.work()
    page.reload()
    expect(page.get_by_role("link", name="per_reader.csv")).to_be_visible()


def test_the_planner_follows_the_design(furnished, signed_in):
    page = signed_in()
    page.goto("/sessions/new")
    shown = page.locator("[data-plan]")
    expect(shown).to_contain_text("± 17.4 points")
    page.get_by_label("How many").nth(1).fill("100")
    expect(shown).to_contain_text("± 14.5 points")
    page.get_by_label("Readers you hope for").fill("10")
    expect(shown).to_contain_text("± 11.4 points")
    page.get_by_label("Readers you hope for").fill("")
    expect(shown).to_contain_text("Type a number of readers")
