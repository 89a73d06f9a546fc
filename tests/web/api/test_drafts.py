"""Drafts by the API: a draft is discarded once."""

from tests.web.api.test_idempotency import KEY, SECOND, upload


def drafted(me) -> str:
    return f"/image-sets/drafts/{upload(me, 'key-of-the-upload-' + KEY, 1, path='/image-sets/drafts').json()['id']}"


def test_a_draft_is_discarded_once_and_the_same_request_again_is_told_so(me):
    path = drafted(me)
    first, again = (me.ask("DELETE", path, key=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (204, 204)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert not [*me.site.settings.staging_dir.iterdir()]
    assert me.ask("DELETE", path, key=SECOND).status_code == me.ask("DELETE", path).status_code == 404


def test_a_key_that_was_used_for_something_else_discards_nothing(me):
    path = drafted(me)
    upload(me, KEY, 2, path="/image-sets/drafts")
    refused = me.ask("DELETE", path, key=KEY)
    assert (refused.status_code, "idempotency key" in refused.json()["error"]) == (422, True)
    assert me.get(path)["files"] == 1


def test_what_was_refused_may_be_asked_again(me, other):
    path = drafted(me)
    assert other.ask("DELETE", path, key=KEY).status_code == 404
    assert me.ask("DELETE", path, key=KEY).status_code == 204
