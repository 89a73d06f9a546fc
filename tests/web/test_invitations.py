"""Readers by a list: all or none, repeated safely; who they are is kept apart, and can be deleted."""

import re

import pytest
from sqlalchemy import MetaData, select

from app.services import persons
from tests.web.conftest import OTHER, OWNER, invite, opened, read_all, text

CSV = "code,email,name,language\nR01,ann@example.org,Ann Canary,de\n,bo@example.org,Bo Canary,\nR05,,,\n"


@pytest.fixture
def address(furnished, owner, known):
    return opened(furnished, owner, known)


def invite_list(client, address, listed=CSV):
    return client.post(f"{address}/readers/list", data={"codes": listed})


def links_of(page):
    return re.findall(r"<code>[^<]*(/r/[^<]+)</code>", page.text)


def everything(site):
    """All rows of all tables, as text, by table."""
    tables = MetaData()
    tables.reflect(site.parts.database.engine)
    with site.parts.database.engine.connect() as connection:
        return {name: repr(connection.execute(select(table)).all()) for name, table in tables.tables.items()}


def test_it_works(furnished, owner, address):
    page = invite_list(owner, address)
    assert page.status_code == 200
    links = links_of(page)
    assert [furnished.browser().get(link).status_code for link in links] == [200] * 3
    assert "R02,Bo Canary,bo@example.org,http" in text(page)  # a code was made
    who = text(owner.get(f"{address}/invitations"))
    assert all(said in who for said in ("R01", "Ann Canary", "ann@example.org", "R02", "R05"))


def test_a_file_does_as_well_as_typed_text(owner, address):
    data = "\ufeffcode;e-mail;name\r\nR01;ann@example.org;Ünal\r\n".encode()
    page = owner.post(f"{address}/readers/list", files={"file": ("readers.csv", data, "text/csv")})
    assert len(links_of(page)) == 1
    assert "Ünal" in text(owner.get(f"{address}/invitations"))
    refused = owner.post(f"{address}/readers/list", files={"file": ("a.csv", b"R02,\xff", "text/csv")})
    assert refused.status_code == 422
    assert "CSV UTF-8" in text(refused)


def test_who_has_no_address_is_told_to_be_written_to_by_hand(furnished, owner, known):
    plain, fresh = opened(furnished, owner, known), opened(furnished, owner, known, fresh_readers="true")
    for address, asked in ((plain, False), (fresh, True)):
        listed = text(invite_list(owner, address, "R01\nR02,ann@example.org\nR03"))
        alone = text(owner.post(f"{address}/readers", data={"code": "R04"}))
        assert "No address is kept of R01, R03: no mail and no reminder" in listed
        assert "No address is kept of R04: no mail" in alone
        assert ("Whether these sets were read before" in listed, "Whether these" in alone) == (asked, asked)
    page = owner.get(fresh).text
    renewals = re.findall(rf'"({fresh}/readers/[0-9a-f]+/renew)"', page)
    assert ["No address" in owner.post(one).text for one in renewals] == [True, False, True, True]


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("code,email\nR07,\nR08,nobody", "Row 3: That is no e-mail address"),
        ("R07\nR08,a@example.org,Ann,xx", "Row 2: The language is one of en, de"),
        ("R07\nR08,,Ann", "Row 2: A name or a language needs an e-mail address"),
        ("R07,a@example.org\nR08,A@example.org", "Row 1: This e-mail address is listed twice. Row 2: This"),
        ("R07,ann.b+vtt@example.org\nR08,Ann.B@example.org", "Row 2: This e-mail address is listed twice."),
        ("R07\nR08,a@example.org," + "x" * 121, "Row 2: A name has at most 120"),
        ("R07\n" + "c" * 41, "Row 2: A reader's code has 1 to 40 characters"),
        ("R07\nR09,ann@example.org", "Row 2: This e-mail address belongs to reader R01 of this session"),
        (
            "R07\nR01,zoe@example.org",
            "Row 2: Reader R01 is invited already, but not by this e-mail address: revoke that link",
        ),
        ("\n".join(f"R{n},x" for n in range(20, 33)), "So it is with 3 more. Nobody was invited."),
    ],
)
def test_each_row_that_cannot_be_used_is_named_and_nobody_is_invited(owner, address, listed, said):
    invite_list(owner, address, "R01,ann@example.org")
    refused = invite_list(owner, address, listed)
    assert refused.status_code == 422
    assert said in text(refused)
    assert listed.split("\n")[0] in text(refused)  # what was typed can be mended
    assert ">R07<" not in owner.get(f"{address}/invitations").text


def test_the_same_list_again_changes_nothing(furnished, owner, address):
    links = links_of(invite_list(owner, address))
    again = invite_list(owner, address, CSV + ",cy@example.org,,\n")
    assert len(links_of(again)) == 1
    assert "3 rows name readers who were invited before" in text(again)
    assert [furnished.browser().get(link).status_code for link in links] == [200] * 3
    assert "no new reader" in text(invite_list(owner, address))


def test_a_repeated_row_may_lack_its_address(owner, address):
    invite_list(owner, address)
    assert "no new reader" in text(invite_list(owner, address, "R01\nR05"))


def test_names_and_addresses_are_in_their_table_alone(furnished, owner, address, capfd):
    links = links_of(invite_list(owner, address))
    read_all(furnished, links[0], lambda *_: ("real", 4))
    owner.post(f"{address}/close")
    owner.post(f"{address}/unblinding")
    furnished.work()
    report = owner.get(f"{address}/report")
    assert report.status_code == 200
    files = set(
        re.findall(rf'href="({address}/report/[^"]+|{address}/[^"]+\.(?:csv|json|html))"', report.text)
    )
    assert files
    exported = b"".join(owner.get(file).content for file in files) + report.content
    assert b"R01" in exported
    assert b"Canary" not in exported
    assert b"example.org" not in exported.replace(OWNER.encode(), b"")
    holding = {name for name, rows in everything(furnished).items() if "Canary" in rows or "ann@" in rows}
    assert holding == {"contacts"}
    said = capfd.readouterr()
    assert "anary" not in said.out + said.err
    assert "ann@example.org" not in said.out + said.err


def test_one_readers_name_is_deleted_for_good_and_the_ratings_stay(furnished, owner, address):
    link = links_of(invite_list(owner, address))[0]
    read_all(furnished, link, lambda *_: ("real", 4))
    ratings = everything(furnished)["ratings"]
    first = re.search(rf'"({address}/contacts/[0-9a-f]+/delete)"', owner.get(f"{address}/invitations").text)[
        1
    ]
    assert furnished.browser(OTHER).post(first).status_code == 404
    assert owner.post(first).status_code == 303
    assert owner.post(first).status_code == 404
    assert "Ann Canary" not in owner.get(f"{address}/invitations").text
    assert "Bo Canary" in owner.get(f"{address}/invitations").text
    assert everything(furnished)["ratings"] == ratings
    assert "Ann" not in repr(everything(furnished))


def test_all_names_go_after_the_closing(furnished, owner, address):
    invite_list(owner, address)
    early = owner.post(f"{address}/contacts/delete")
    assert early.status_code == 409
    assert "Close the session first" in text(early)
    owner.post(f"{address}/close")
    assert owner.post(f"{address}/contacts/delete").status_code == 303
    assert everything(furnished)["contacts"] == "[]"
    with furnished.parts.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Canary" not in (furnished.settings.data_dir / "blindread.db").read_bytes()


def test_only_the_sessions_researcher_sees_who_is_who(furnished, owner, address):
    invite_list(owner, address)
    other = furnished.browser(OTHER)
    assert other.get(f"{address}/invitations").status_code == 404
    assert invite_list(other, address).status_code == 404
    assert other.post(f"{address}/contacts/delete").status_code == 404


def test_a_closed_session_takes_no_list(owner, address):
    invite(owner, address, "R01")
    owner.post(f"{address}/close")
    assert invite_list(owner, address, "R01").status_code == 409


def test_a_person_is_recognised_however_the_address_is_written():
    key = b"k" * 32
    plain = persons.fingerprint(key, "ann@example.org")
    assert plain == persons.fingerprint(key, " Ann+vtt@EXAMPLE.org ")
    assert plain != persons.fingerprint(b"another key of ours", "ann@example.org")
    assert plain != persons.fingerprint(key, "anne@example.org")
    assert persons.fingerprint(key, "+a@example.org") != persons.fingerprint(key, "+b@example.org")
