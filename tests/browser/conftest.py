"""A Chromium for the browser tests, the system's or else Playwright's own; and a server, a reader's page and researchers' pages in it."""

import shutil
import threading
import time

import pytest
import uvicorn
from playwright.sync_api import expect, sync_playwright

from app import worker
from app.main import create_app
from tests.faults.conftest import empty_folder, furnished, furnished_folder, generator_files, known, owner
from tests.servers import Server
from tests.web.conftest import OWNER, PASSWORD, invite, opened

__all__ = ["empty_folder", "furnished", "furnished_folder", "generator_files", "known", "owner"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # plain.test is a name without HTTPS that is not localhost; no other name leads anywhere
    "--host-resolver-rules=MAP plain.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def installed():
    """The system's Chromium; None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser():
    expect.set_options(timeout=20_000)  # a crowded machine needs time for what an idle one does at once
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=installed(), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def server(furnished):
    made = Server(furnished.settings.data_dir, BLINDREAD_ALLOWED_HOSTS="plain.test")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def link(server, furnished, owner, known):
    return server.url + invite(owner, opened(furnished, owner, known, allow_undo="true"))


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    made = context.new_page()
    yield made
    context.close()


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
