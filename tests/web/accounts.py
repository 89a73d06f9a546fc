"""What a user does about the second factor."""

import re
import time

import pyotp

from tests.web.conftest import PASSWORD


def code_at(secret, steps=0):
    return pyotp.TOTP(secret).at(time.time() + 30 * steps)


def enrol(browser):
    """Switch the second factor on; returns (secret, recovery codes)."""
    assert browser.post("/account/second-factor", data={"present": PASSWORD}).status_code == 303
    secret = re.search(r"\b[A-Z2-7]{32}\b", browser.get("/account").text)[0]
    shown = browser.post("/account/second-factor/confirm", data={"code": code_at(secret)})
    assert shown.status_code == 200
    return secret, re.findall(r"<li>([0-9a-f-]{20})</li>", shown.text)
