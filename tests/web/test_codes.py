"""Codes of the second factor: where they come from, how long they are, and how long they hold."""

import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.services import people, second_factor
from app.tables.people import User
from tests.house.source import calls, imports
from tests.web.accounts import code_at, enrol
from tests.web.conftest import ADMIN, COLLEAGUE, OTHER, OWNER
from tests.web.test_account import sign_in, with_code


def test_secrets_and_recovery_codes_are_long_and_never_the_same(site):
    """Eighteen hexadecimal digits, of which each place takes all values: 72 bits; and 160 of the secret."""
    made = [enrol(site.browser(email)) for email in (OWNER, OTHER, ADMIN, COLLEAGUE)]
    secrets = {secret for secret, _ in made}
    codes = {code.replace("-", "") for _, codes in made for code in codes}
    assert (len(secrets), len(codes)) == (4, 4 * second_factor.RECOVERY_CODES)
    assert {len(secret) for secret in secrets} == {32}
    assert all(re.fullmatch("[0-9a-f]{18}", code) for code in codes)
    for place in range(18):
        assert len({code[place] for code in codes}) >= 8, place


def test_what_must_not_be_guessed_comes_from_the_systems_generator():
    """No module of services and pages has a generator that can be foretold, but for one that draws readers' simulated answers."""
    predictable = [
        (path, name)
        for path, name in imports("app/services", "app/web", "app/mail")
        if name.split(".")[0] == "random"
    ]
    assert predictable == []
    drawing = {
        where.partition(":")[0]
        for where, called, _ in calls("app/services", "app/web", "app/mail")
        if "random" in called
    }
    assert drawing == {"app/services/comparisons.py"}
    assert ("app/services/second_factor.py", "secrets") in set(imports("app/services"))


@pytest.mark.parametrize(
    ("steps", "status"), [(-3, 401), (-2, 401), (2, 401), (3, 401), (-1, 303), (0, 303), (1, 303)]
)
def test_a_code_holds_for_its_half_minute_and_its_neighbours_alone(site, steps, status):
    """Also where none was taken before, after which no earlier one would do."""
    if (past := time.time() % 30) > 15:
        time.sleep(30 - past)  # a half minute that ends meanwhile would make it another code's
    secret, _ = enrol(site.browser(OWNER))
    with site.parts.database.write() as db:
        db.execute(update(User).values(second_factor_step=0))
    browser, answer = with_code(site, code_at(secret, steps))
    assert answer.status_code == status
    assert browser.get("/").status_code == (200 if status == 303 else 303)


@pytest.mark.parametrize(("ago", "status"), [(4, 303), (5.1, 401), (600, 401)])
def test_a_right_password_waits_five_minutes_for_its_code(site, ago, status):
    secret, _ = enrol(site.browser(OWNER))
    with site.parts.database.read() as db:
        user_id, key = people.by_email(db, OWNER).id, site.settings.secret_key
        pending = second_factor.pending(db, key, user_id, clock.now() - timedelta(minutes=ago))
    browser = sign_in(site)[0]
    answer = browser.post("/sign-in/code", data={"pending": pending, "code": code_at(secret, 1)})
    assert answer.status_code == status
