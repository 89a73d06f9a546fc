"""docs/security.md: the limits that it lists are those of the code; what they do is tried where each of them holds."""

import re

import pytest

from app.imaging import sources
from app.services import drafts, open_links, reader_lists, samples
from app.settings import load_settings
from app.web import account, joining, no_reminders, readings, reauthentication, security, signin, uploads
from tests.house.source import ROOT

SECTION = (ROOT / "docs" / "security.md").read_text().partition("\n## Limits\n")[2].partition("\n## ")[0]
ROWS = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", SECTION, re.MULTILINE))
GIB = 2**30
DEFAULTS = load_settings({"BLINDREAD_SECRET_KEY": "k" * 32})


def numbers(words: str) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", words)]


def rates(*limits) -> list[int]:
    return [limit.amount for limit in limits]


@pytest.mark.parametrize(
    ("what", "held"),
    [
        ("sign-ins", rates(signin.ATTEMPTS, signin.ATTEMPTS)),
        ("second factor", rates(*reauthentication.CODES)),
        ("one's own password, to change the account", rates(reauthentication.PASSWORDS)),
        ("wrong links to choose a password", rates(account.LINKS)),
        (
            "joining by an open link",
            [*rates(joining.JOINS_BY_ADDRESS, joining.JOINS_BY_LINK), open_links.MOST],
        ),
        ("a request's body", [security.LONGEST_BODY // 1024]),
        (
            "an upload",
            [DEFAULTS.upload_limit_mb, uploads.MOST_PARTS, uploads.MOST_FIELDS, uploads.LONGEST_FIELD],
        ),
        ("one person's uploads that wait for their settings", [DEFAULTS.drafts_limit_mb, drafts.MOST]),
        (
            "a zip",
            [sources.MOST_FILES, sources.MOST_FILE_BYTES // GIB, sources.MOST_TOTAL_BYTES // GIB],
        ),
        ("sampling", [samples.MOST_IMAGES]),
        ("a list of readers", [reader_lists.MOST_ROWS]),
    ],
)
def test_what_is_listed_is_what_holds(what, held):
    assert numbers(ROWS[what]) == held


def test_every_kind_of_wrong_link_has_the_listed_limit():
    (listed,) = numbers(ROWS["wrong links: personal ones, open ones, those that end reminders"])
    assert {*rates(readings.WRONG_LINKS, joining.WRONG, no_reminders.WRONG)} == {listed}


def test_the_time_of_each_rate_is_the_listed_one():
    """Not only how many: a day is no minute."""
    said = " ".join(ROWS.values())
    for limit in (
        signin.ATTEMPTS,
        *reauthentication.CODES,
        reauthentication.PASSWORDS,
        account.LINKS,
        joining.JOINS_BY_ADDRESS,
    ):
        assert re.search(rf"\b{limit.amount}\b[^,;]* (a|an) {limit.GRANULARITY.name}", said), limit
