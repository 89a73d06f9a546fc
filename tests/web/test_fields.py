"""Fields that an act does not have change nothing, and braces that somebody types are never filled in."""

import pytest

from app.web.api.described import description
from tests.web.api.conftest import design, program
from tests.web.conftest import ADMIN, OTHER, OWNER, PASSWORD, create, ident, invite, opened, text
from tests.web.test_users import id_of

MORE = {
    "id": "0" * 32,
    "owner_id": "1" * 32,
    "state": "closed",
    "frozen_at": "2026-01-02 00:00:00",
    "manifest_sha256": "ab",
    "order_secret": "00",
    "role": "admin",
    "email": "other@example.org",
    "is_admin": "true",
    "disabled_at": "",
    "second_factor_at": "",
}
BRACES = "{0.__class__} {email} {page.user} {{7*7}} %s %(name)s ${HOME}"


def test_a_form_gives_no_field_that_is_not_its_own(furnished, owner, known):
    address = create(owner, known, **MORE).headers["location"]
    page = owner.get(address)
    assert page.status_code == 200
    assert 'action="' + address + '/freeze"' in page.text
    assert furnished.browser(OTHER).get(address).status_code == 404
    assert ident(address) not in {MORE["id"], MORE["owner_id"]}


def test_an_account_cannot_be_made_more_of(furnished):
    owner = furnished.browser(OWNER)
    new = "another thing altogether, quite long"
    data = {**MORE, "present": PASSWORD, "new": new, "again": new}
    assert owner.post("/account/password", data=data).status_code == 303
    assert owner.get("/admin").status_code == 403
    assert OWNER in owner.get("/account").text
    admin = furnished.browser(ADMIN)
    shut = {**MORE, "role": "researcher", "password": new, "user_id": id_of(furnished, OTHER)}
    page = admin.post(f"/admin/users/{id_of(furnished, OWNER)}/role", data=shut)
    assert page.status_code == 303
    assert furnished.browser(OTHER).get("/admin").status_code == 403


def test_all_that_programs_send_is_named_field_by_field():
    """A field that an operation does not have is refused, in each part of what is sent."""
    document = description()
    schemas = document["components"]["schemas"]
    sent = set()

    def collect(node):
        if isinstance(node, dict):
            if (name := node.get("$ref", "").rpartition("/")[2]) and name not in sent:
                sent.add(name)
                collect(schemas[name])
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    for operations in document["paths"].values():
        for operation in operations.values():
            collect(operation.get("requestBody", {}).get("content", {}).get("application/json", {}))
    objects = {name for name in sent if schemas[name].get("type") == "object"}
    assert len(objects) > 10
    assert [name for name in sorted(objects) if schemas[name].get("additionalProperties") is not False] == []


@pytest.mark.parametrize("field", [*MORE])
def test_a_field_too_many_is_refused(furnished, known, field):
    me = program(furnished)
    told = me.post("/sessions", design(known, **{field: MORE[field]}), 422)["error"]
    assert field.replace("_", " ") in told
    assert me.get("/sessions")["items"] == []


def test_braces_in_texts_are_never_filled_in(furnished, owner, known):
    """Neither on pages nor in the sentences that name what was typed."""
    address = opened(furnished, owner, known, title=BRACES, instructions=BRACES, public_title="Slices {0} %s")
    assert BRACES in text(owner.get(address))
    reader = furnished.browser()
    reader.post(invite(owner, address, "{0}%s"))
    for language in ("en", "de"):
        page = text(reader.get(f"/read?language={language}"))
        assert (BRACES in page, "Slices {0} %s" in page) == (True, True)
    again = owner.post(f"{address}/readers", data={"code": "{0}%s"})
    assert "{0}%s" in text(again)
    refused = owner.post("/image-sets", data={"name": BRACES}, files={"files": ("{0.__class__}.png", b"x")})
    assert refused.status_code == 303
    assert BRACES in text(owner.get(refused.headers["location"]))
    wrong = furnished.browser(ADMIN).post("/admin/users", data={"email": BRACES, "role": "researcher"})
    assert f"“{BRACES.lower()}” is not an e-mail address." in text(wrong)
