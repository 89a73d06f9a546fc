"""Mails to readers: own wordings need their link, and tell neither a hidden purpose nor how images were made."""

from functools import partial

import pytest

from app.errors import InvalidError
from app.protocol import mail_wording, wording
from app.protocol.mail_wording import built_in, checked, filled
from app.words.catalogues import translate
from app.words.languages import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", mail_wording.PLACEHOLDERS)
def test_what_is_built_in_may_be_sent_whatever_is_hidden(kind, language):
    said = built_in(kind, partial(translate, language))
    assert wording.names_purpose(said.subject + said.body) == ""
    again = checked(kind, said.subject, said.body, purpose_hidden=True)
    assert (again.subject, again.body) == (said.subject, said.body)
    assert again.own
    assert not said.own


@pytest.mark.parametrize(
    ("kind", "subject", "body", "said"),
    [
        ("invitation", "", "{link}", "subject of 1 to 150"),
        ("invitation", "x" * 151, "{link}", "subject of 1 to 150"),
        ("invitation", "x", "", "text of 1 to 5000"),
        ("invitation", "x", "{link}" * 1000, "text of 1 to 5000"),
        ("invitation", "x", "Come.", "The text needs {link}"),
        ("invitation", "{link}", "Come.", "The text needs {link}"),
        ("reminder", "x", "{link}", "The text needs {no_reminders}"),
        ("invitation", "x", "{link} {no_reminders}", "“{no_reminders}” stands for nothing; {link}, {title}"),
        ("invitation", "x", "{link} {}", "“{}” stands for nothing"),
        ("invitation", "Our StyleGAN2 study", "{link}", "“StyleGAN2”"),
        ("invitation", "x", "Real or not? {link}", "“Real”"),
    ],
)
def test_what_cannot_be_sent_is_refused(kind, subject, body, said):
    with pytest.raises(InvalidError) as refused:
        checked(kind, subject, body, purpose_hidden=True)
    assert said in refused.value.sentence


def test_a_purpose_that_is_told_may_be_named():
    assert (
        checked("invitation", " Real\r\n or not ", "{link}\r\n", purpose_hidden=False).subject
        == "Real or not"
    )


def test_what_fills_a_place_is_not_filled_again():
    assert filled("{name} {link} {else}", {"name": "{link}", "link": "L"}) == "{link} L {else}"
