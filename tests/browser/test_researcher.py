# ruff: noqa: F401, F811 - pytest finds fixtures by the names of arguments
"""Researchers' pages in a real browser: axe on every page, uploads, moving bars, questions before acts, life without scripts."""

import re
import threading
import time
from pathlib import Path

import axe_playwright_python
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import expect

from app import worker
from app.main import create_app
from tests import studies
from tests.blinding import material
from tests.cli.test_experiments import written
from tests.web.conftest import (
    OWNER,
    PASSWORD,
    create,
    dicom,
    empty_folder,
    furnished,
    furnished_folder,
    generator_files,
    ident,
    invite,
    known,
    opened,
    owner,
    png,
    read_all,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


@pytest.fixture
def bodies() -> list[bytes]:
    """What browsers sent to the server, in pieces."""
    return []


@pytest.fixture
def url(furnished, bodies):
    """The furnished site on a port of this machine; its worker runs when a test says so."""
    inner = create_app(furnished.settings)

    async def listening(scope, receive, send):
        async def heard():
            message = await receive()
            bodies.append(message.get("body", b""))
            return message

        await inner(scope, heard, send)

    config = uvicorn.Config(listening, port=0, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def working(furnished):
    """A worker beside the server, until the test ends."""
    stopping = threading.Event()
    parts = worker.Parts.build(furnished.settings, "cpu")
    thread = threading.Thread(target=worker.run, args=(parts, stopping))
    thread.start()
    yield
    stopping.set()
    thread.join()
    parts.database.close()


@pytest.fixture
def signed_in(browser, url):
    """Makes pages of a signed-in browser; what a page complains of (errors, refused scripts) fails the test."""
    contexts, complaints = [], []

    def make(email=OWNER, **options):
        context = browser.new_context(base_url=url, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/")
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(said) -> bool:
    """Chromium writes an error for each refused form, too; those are asked for by the tests."""
    return said.type == "error" and "status of 422" not in said.text


def violations(page) -> list[str]:
    """What axe finds, in light; in dark the contrasts again."""
    page.wait_for_load_state()
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("axe.run({runOnly: ['color-contrast']})")["violations"]
    page.emulate_media(color_scheme="light")
    return [f"{page.url} {v['id']}: {[node['target'] for node in v['nodes']]}" for v in found]


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


def test_an_upload_of_a_folder_names_refused_files_in_this_browser_alone(
    signed_in, working, bodies, tmp_path
):
    folder = tmp_path / "Study of Erika M"
    folder.mkdir()
    for i in range(3):
        dicom(folder, i)
    (folder / "notes Erika.txt").write_text("not an image")
    (folder / ".DS_Store").write_bytes(b"clutter")
    page = signed_in()
    page.goto("/image-sets/new")
    page.get_by_label("Name of the set").fill("Folder")
    page.get_by_label("Or a whole folder").set_input_files(folder)
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_label("Size in pixels").fill("16")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("3, 16 × 16 grey")).to_be_visible()
    page.get_by_text("1 file was not kept").click()
    expect(page.get_by_role("cell", name="notes Erika.txt")).to_be_visible()
    sent = b"".join(bodies)
    assert b"not an image" in sent
    for name in (b"notes Erika", b"Study of", b"DS_Store", b".dcm"):
        assert name not in sent
    other = signed_in()
    other.goto(page.url)
    other.get_by_text("1 file was not kept").click()
    expect(other.locator("table [data-place]")).to_be_visible()
    assert "notes Erika" not in other.content()


def test_of_a_run_s_folder_its_texts_alone_are_sent(signed_in, working, bodies, tmp_path):
    run = written(tmp_path / "00003-brain", [(100, 40.0), (200, 12.5)], gaps=[0.5] * 60)
    (run / "network-snapshot-000200.pkl").write_bytes(b"weights that stay")
    (run / "fakes000200.png").write_bytes(b"a picture that stays")
    page = signed_in()
    page.goto("/experiments/new")
    page.get_by_label("Name of the experiment").fill("n")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Choose the folder of a training run, or files of one.")
    page.get_by_label("Name of the experiment").fill("")
    page.get_by_label("The run's folder").set_input_files(run)
    assert page.get_by_label("Name of the experiment").input_value() == "00003-brain"
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("60, to 236 kimg")).to_be_visible()
    figures = page.locator(".figures img")
    expect(figures).to_have_count(2)
    expect(figures.first).to_have_js_property("complete", value=True)
    assert figures.first.evaluate("image => image.naturalWidth") > 0
    sent = b"".join(bodies)
    assert b"training_options.json" in sent
    assert b"that stay" not in sent
    page.get_by_label("Patients").fill("12")
    page.get_by_role("button", name="Save facts").click()
    page.goto("/experiments")
    page.get_by_label("Budget in kimg").fill("150")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name="00003-brain")).to_contain_text("40.00")
    expect(page.get_by_role("row", name="00003-brain")).to_contain_text("12")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("link", name="table1.csv")).to_be_visible()
    expect(page.get_by_role("cell", name="40.00")).to_be_visible()


def test_a_form_that_cannot_be_used_keeps_what_was_chosen(signed_in, tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(png(1))
    page = signed_in()
    page.goto("/image-sets/new")
    page.get_by_role("button", name="Upload and preview").click()
    assert page.url.endswith("/image-sets/new")  # the browser asks for the name first
    page.get_by_label("Name of the set").fill("A set")
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.get_by_role("alert")).to_have_text("Choose what to upload.")
    page.get_by_label("Files or a zip").set_input_files(file)
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.get_by_role("img", name="File 1")).to_be_visible()
    page.get_by_label("Window centre").fill("40")
    with page.expect_response(lambda answer: answer.url.endswith("/import")) as answered:
        page.get_by_role("button", name="Import").click()
    assert answered.value.status == 422
    expect(page.get_by_role("alert").first).to_contain_text("window")
    assert page.get_by_label("Window centre").input_value() == "40"
    page.get_by_label("Window width").fill("400")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="A set")).to_be_visible()
    expect(page.get_by_text("centre 40, width 400")).to_be_visible()


def pictures_of(page) -> list[str]:
    return page.locator(".previews img").evaluate_all("images => images.map(image => image.src)")


def test_the_preview_follows_the_form_and_nothing_is_kept_before_the_import(furnished, signed_in, tmp_path):
    for i in range(8):
        dicom(tmp_path, i)
    page = signed_in(bypass_csp=True)  # for axe
    page.goto("/image-sets/new")
    page.get_by_label("Name of the set").fill("Looked at")
    page.get_by_label("Files or a zip").set_input_files([tmp_path / f"{i}.dcm" for i in range(8)])
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.locator(".previews img")).to_have_count(6)
    first = pictures_of(page)
    page.get_by_label("Window", exact=True).select_option("percentiles")
    expect(page.locator(".previews")).to_contain_text("percentiles (")
    page.get_by_label("Window centre").fill("900")
    page.get_by_label("Window width").fill("10")
    expect(page.locator(".previews")).to_contain_text("your window (900 / 10)")
    assert page.get_by_label("Window", exact=True).input_value() == "custom"
    assert not set(first) & set(pictures_of(page))
    page.get_by_text("Turn, flip, cut").click()
    before = pictures_of(page)
    page.get_by_label("Rotate clockwise").select_option("90")
    page.wait_for_function("old => document.querySelector('.previews img').src !== old", arg=before[0])
    page.get_by_label("Window", exact=True).select_option("abdomen")
    expect(page.locator(".previews")).to_contain_text("This is MR, not CT")
    for summary in page.locator("summary").all():
        if not summary.evaluate("summary => summary.parentElement.open"):
            summary.click()
    assert violations(page) == []
    page.goto("/image-sets")
    page.get_by_role("link", name="Choose its settings").click()
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Looked at")).to_have_count(0)
    assert list(furnished.settings.staging_dir.iterdir()) == []


def test_the_bar_moves_and_the_page_shows_the_images_when_they_are_there(furnished, known, signed_in):
    page = signed_in()
    page.goto(known.checkpoint)
    page.get_by_label("Name of the set").fill("By the bar")
    page.get_by_label("Seeds").fill("0-39")
    page.get_by_role("button", name="Start sampling").click()
    expect(page.get_by_text("Waiting for the worker")).to_be_visible()
    assert page.locator("progress").get_attribute("value") == "0"
    furnished.work()
    expect(page.get_by_role("heading", name="Images", exact=True)).to_be_visible()
    assert page.locator(".thumbs img").count() == 40
    assert page.locator("progress").count() == 0
    last = page.locator(".thumbs img").last
    last.scroll_into_view_if_needed()
    expect(last).to_have_js_property("naturalWidth", 16)


def test_a_job_can_be_cancelled_from_its_page(known, signed_in):
    page = signed_in()
    page.goto(known.checkpoint)
    page.get_by_role("button", name="Start sampling").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("This was cancelled")).to_be_visible()


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
