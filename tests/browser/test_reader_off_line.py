"""The reader's page without a line, or with a bad one: answers wait, are sent in their order, and are called saved only when they are."""

import pytest
from playwright.sync_api import expect

from tests.browser.rating import (
    TOTAL,
    answer,
    at,
    begin,
    holding,
    shows,
    stored,
    to_the_end,
)
from tests.web.conftest import invite, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_off_line_the_end_waits_until_everything_is_saved(page, link, furnished):
    begin(page, link)
    holding(page, TOTAL)
    page.context.set_offline(True)
    to_the_end(page, TOTAL)
    page.locator("#once-more").click()
    shows(page, TOTAL)
    answer(page, "s2")
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.locator("#say")).to_contain_text("ends as soon as they are saved")
    expect(page.locator("#saved")).to_have_text(f"Not saved yet: {TOTAL + 1}")
    assert stored(furnished) == []
    page.context.set_offline(False)
    expect(page.get_by_text("everything is saved")).to_be_visible(timeout=20_000)
    assert stored(furnished) == [("real", 4)] * TOTAL + [("synthetic", 2)]


def test_an_answer_whose_acknowledgement_is_lost_is_not_doubled(page, link, furnished):
    """The server has committed, but the response never arrives."""
    begin(page, link)
    dropped = []

    def drop_the_first(route):
        if dropped:
            route.continue_()
            return
        dropped.append(route.fetch().status)
        route.abort()

    page.route("**/read/ratings", drop_the_first)
    answer(page)
    at(page, 2)
    assert dropped == [200]
    assert stored(furnished) == [("real", 4)]


def test_off_line_the_answer_waits_and_nothing_is_called_saved(page, link, furnished):
    begin(page, link)
    page.context.set_offline(True)
    answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    assert stored(furnished) == []
    page.context.set_offline(False)
    at(page, 2)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert stored(furnished) == [("real", 4)]


def test_off_line_ten_more_images_can_be_rated_and_then_it_says_so(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, n_real="8", n_synthetic="8", allow_undo="true")
    begin(page, server.url + invite(owner, session), total=16)
    holding(page, 11)
    page.context.set_offline(True)
    given = [("rs"[n % 2], str(n % 5 + 1)) for n in range(11)]
    for position, keys in enumerate(given, start=1):
        shows(page, position, total=16)
        answer(page, keys)
    expect(page.locator("#saved")).to_have_text("Not saved yet: 11")
    expect(page.locator("#say")).to_contain_text("no further image is held here")
    expect(page.get_by_role("button", name="Back")).to_be_disabled()
    assert stored(furnished) == []
    page.context.set_offline(False)
    at(page, 12, total=16)
    expect(page.locator("#saved")).to_have_text("Saved")
    words = {"r": "real", "s": "synthetic"}
    assert stored(furnished) == [(words[letter], int(likert)) for letter, likert in given]


def test_answers_that_wait_are_sent_in_their_order_after_a_reload(page, link, furnished):
    begin(page, link)
    page.route("**/read/ratings", lambda route: route.abort())
    for position, keys in enumerate(["r1", "s2", "r3"], start=1):
        shows(page, position)
        answer(page, keys)
    expect(page.locator("#saved")).to_have_text("Not saved yet: 3")
    page.unroute("**/read/ratings")
    page.reload()
    at(page, 4)
    assert stored(furnished) == [("real", 1), ("synthetic", 2), ("real", 3)]


def test_an_answer_that_waits_can_be_changed(page, link, furnished):
    begin(page, link)
    page.route("**/read/ratings", lambda route: route.abort())
    answer(page, "r1")
    shows(page, 2)
    page.keyboard.press("z")
    shows(page, 1)
    answer(page, "s2")
    shows(page, 2)
    page.unroute("**/read/ratings")
    at(page, 2)
    assert stored(furnished) == [("real", 1), ("synthetic", 2)]


def test_an_answer_kept_through_a_reload_off_line_is_sent(page, link, furnished):
    begin(page, link)
    page.route("**/read/ratings", lambda route: route.abort())
    answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    page.unroute("**/read/ratings")
    page.reload()
    at(page, 2)
    assert stored(furnished) == [("real", 4)]


def test_a_server_killed_in_mid_send_gets_the_answer_after_its_restart(page, link, server, furnished):
    begin(page, link)
    server.kill()
    answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    server.start()
    at(page, 2)
    assert stored(furnished) == [("real", 4)]


def test_answers_that_wait_when_the_session_is_closed_are_not_called_saved(
    page, server, furnished, owner, known
):
    session = opened(furnished, owner, known)
    begin(page, server.url + invite(owner, session))
    page.route("**/read/ratings", lambda route: route.abort())
    for position in (1, 2):
        shows(page, position)
        answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet: 2")
    owner.post(f"{session}/close")
    page.unroute("**/read/ratings")
    expect(page.locator("#say")).to_contain_text("closed", timeout=20_000)
    expect(page.locator("#saved")).to_have_text("Not saved yet: 2")
    assert stored(furnished) == []


def test_a_page_that_comes_in_place_of_an_image_is_no_image(page, link, furnished):
    """The gate of a guest network answers 200 with HTML; a broken cache with half an image."""
    begin(page, link)
    asked = []
    broken = [
        {"content_type": "text/html", "body": "<title>Sign in</title>"},
        {"content_type": "image/png", "body": b"\x89PNG\r\n\x1a\nhalf"},
    ]

    def in_place_of_it(route):
        asked.append(route.request.url)
        route.fulfill(**broken[len(asked) % 2])

    page.route("**/read/stimuli/*", in_place_of_it)
    page.reload()
    expect(page.locator("#say")).to_contain_text("no further image is held here")
    while len(asked) < 3:
        page.wait_for_timeout(100)
    page.unroute_all()
    at(page, 1)
    expect(page.locator("#say")).to_have_text("", timeout=20_000)
    answer(page)
    at(page, 2)
    assert stored(furnished) == [("real", 4)]


def slow_after_the_first(page, link):
    """Begin on a line that brings one image; gives the requests for others, and a list: once anything is in it all come."""
    held, passed, free = [], [], []
    page.goto(link)
    page.get_by_role("button", name="Continue").click()

    def after_the_first(route):
        if passed and not free:
            held.append(route)
        else:
            passed.append(route)
            route.continue_()

    page.route("**/read/stimuli/*", after_the_first)
    page.get_by_role("button", name="Start").click()
    at(page, 1)
    return held, free


def test_on_a_slow_line_the_answered_image_goes_and_the_page_says_that_the_next_is_loading(page, link):
    held, free = slow_after_the_first(page, link)
    answer(page)
    expect(page.get_by_text("Loading the image…")).to_be_visible()
    expect(page.locator("#stimulus")).to_be_hidden()
    free.append(True)
    for route in held:
        route.continue_()
    at(page, 2)
    expect(page.locator("#stimulus")).to_be_visible()
    expect(page.get_by_text("Loading the image…")).to_be_hidden()


def test_once_it_is_said_why_nothing_more_comes_nothing_is_said_to_be_loading(
    page, server, furnished, owner, known
):
    session = opened(furnished, owner, known)
    slow_after_the_first(page, server.url + invite(owner, session))
    sent = []

    def keep(route):
        sent.append(route)

    page.route("**/read/ratings", keep)
    answer(page)
    expect(page.get_by_text("Loading the image…")).to_be_visible()
    owner.post(f"{session}/close")
    sent[0].continue_()
    expect(page.locator("#say")).to_contain_text("closed")
    expect(page.get_by_text("Loading the image…")).to_be_hidden()
    expect(page.locator("#saved")).to_have_text("Not saved")
