"""The description of the API holds: schemathesis asks for everything in it, with odd contents, and no answer is a server error or of another form.

A few examples by default, many in `make soak`.
"""

import os
import shutil

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.api.conftest import program
from tests.web.conftest import OWNER, open_site
from tests.web.walk import furnish

EXAMPLES = 200 if os.environ.get("SOAK_TESTS") else 3
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def house(tmp_path_factory, furnished_folder):
    """A site with things of the owner's, their names, and the owner's program."""
    folder, known = furnished_folder
    copy = tmp_path_factory.mktemp("described") / "data"
    shutil.copytree(folder, copy)
    for site in open_site(copy, log_requests=False):
        yield site, furnish(site.browser(OWNER), site, known), program(site)


def test_no_answer_is_a_server_error_or_of_another_form(house):
    site, ids, me = house
    headers = {"Authorization": f"Bearer {me.token}", "Host": "testserver"}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", site.app.app)
    tried, done = 0, set()
    for found in schema.get_all_operations():
        tried += 1
        _ask(found.ok(), ids, headers, done)
    assert tried > 70
    assert len(done) > 50, sorted(done)  # the others need more than chance finds: test_example.py does them


def _ask(operation, ids: dict[str, str], headers: dict[str, str], done: set[str]) -> None:
    """One operation: with names as they come, and with those of things that are there."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def asked(case):
        answers = [case.call_and_validate(headers=headers, checks=CHECKS)]
        if case.path_parameters:
            case.path_parameters = {
                name: ids.get(name, value) for name, value in case.path_parameters.items()
            }
            answers.append(case.call_and_validate(headers=headers, checks=CHECKS))
        done.update(f"{operation.method} {operation.path}" for answer in answers if answer.status_code < 300)

    asked()


def test_the_description_is_served_to_everybody_and_is_whole(site):
    found = site.browser().get("/api/v1/openapi.json")
    assert found.status_code == 200
    described = found.json()
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) > 70
    assert all(one["summary"] and one["tags"] and one["security"] for one in operations)
    assert "HTTPValidationError" not in found.text


def test_examples_are_valid(site):
    described = site.browser().get("/api/v1/openapi.json").json()
    schemas, tried = described["components"]["schemas"], 0
    for one in schemas.values():
        for value in one.get("examples", []):
            Draft202012Validator({**one, "components": {"schemas": schemas}}).validate(value)
            tried += 1
        for field in one.get("properties", {}).values():
            for value in field.get("examples", []):
                Draft202012Validator({**field, "components": {"schemas": schemas}}).validate(value)
                tried += 1
    assert tried > 100


def test_everything_that_is_sent_has_an_example(site):
    described = site.browser().get("/api/v1/openapi.json").json()
    schemas = described["components"]["schemas"]
    for path in described["paths"].values():
        for one in path.values():
            sent = one.get("requestBody", {}).get("content", {}).get("application/json")
            if sent:
                assert schemas[sent["schema"]["$ref"].rpartition("/")[2]]["examples"], one["summary"]
