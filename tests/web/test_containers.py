"""docker-compose.yml and the Dockerfile: whose forwarded addresses are believed, under which account, and what is in an image."""

import ipaddress
import re
import shutil
from pathlib import Path

import httpx2
import pytest
from ruamel.yaml import YAML

from tests.servers import Server

ROOT = Path(__file__).parents[2]
TRIES = 35


def filled(text: str, given: dict[str, str]) -> str:
    """A value as Compose fills it: ${NAME:-what stands for it}, inside out."""
    while (begun := re.search(r"\$\{(\w+):-([^${}]*)\}", text)) is not None:
        text = text[: begun.start()] + (given.get(begun[1]) or begun[2]) + text[begun.end() :]
    return text


def composed(**given: str):
    return YAML(typ="safe").load(filled((ROOT / "docker-compose.yml").read_text(), given))


def environment(**given: str) -> dict[str, str]:
    return composed(**given)["services"]["web"]["environment"]


def stages() -> dict[str, list[str]]:
    """The lines of the Dockerfile by stage."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if begun := re.fullmatch(r"FROM (\S+) AS (\w+)", line):
            found[begun[2]] = list(found.get(begun[1], []))
        elif found:
            found[next(reversed(found))].append(line)
    return found


@pytest.fixture
def serving(tmp_path, empty_folder):
    """A server with the settings of the service `web`, where the network's gateway is 127.0.0.2."""
    shutil.copytree(empty_folder, tmp_path / "data")
    given = environment(NETWORK_GATEWAY="127.0.0.2")
    server = Server(tmp_path / "data", **{**given, "BLINDREAD_DATA_DIR": str(tmp_path / "data")})
    server.start()
    yield server
    server.stop()


def statuses(server, come_from: str) -> set[int]:
    """Wrong links, each told to come from another address, over connections from this one."""
    with httpx2.Client(transport=httpx2.HTTPTransport(local_address=come_from)) as client:
        return {
            client.get(
                f"{server.url}/r/{number}", headers={"X-Forwarded-For": f"10.0.0.{number}"}
            ).status_code
            for number in range(TRIES)
        }


def test_limits_see_the_real_addresses_behind_a_proxy_on_the_machine(serving):
    assert statuses(serving, "127.0.0.2") == {404}
    assert statuses(serving, "127.0.0.3") == {404, 429}


@pytest.mark.parametrize("given", [{}, {"NETWORK_GATEWAY": "10.7.0.1", "NETWORK_SUBNET": "10.7.0.0/16"}])
def test_the_network_s_gateway_alone_is_believed(given):
    (network,) = composed(**given)["networks"]["default"]["ipam"]["config"]
    believed = environment(**given)["BLINDREAD_FORWARDED_ALLOW_IPS"]
    assert believed == network["gateway"]
    assert ipaddress.ip_address(believed) in ipaddress.ip_network(network["subnet"])


def test_a_proxy_elsewhere_can_be_named():
    given = {"BLINDREAD_FORWARDED_ALLOW_IPS": "172.31.93.9"}
    assert environment(**given)["BLINDREAD_FORWARDED_ALLOW_IPS"] == "172.31.93.9"


def test_nobody_but_this_machine_reaches_the_server_without_a_proxy():
    ports = [port for service in composed()["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("stage", ["web", "worker"])
def test_a_container_runs_as_an_account_without_rights(stage):
    lines = stages()[stage]
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1] == "blindread"
    assert re.search(r"useradd .*--uid [1-9]\d{3,} blindread", "\n".join(lines))
    service = composed()["services"][stage]
    assert not {"user", "privileged", "cap_add", "network_mode", "pid"} & set(service)
    assert "docker.sock" not in str(service)


@pytest.mark.parametrize("stage", ["web", "worker"])
def test_an_image_has_the_wheel_and_not_the_checkout(stage):
    copied = [line for line in stages()[stage] if re.match(r"(COPY|ADD) ", line)]
    assert [line.split()[1:] for line in copied] == [
        ["--from=build", "/wheels", "/wheels"],
        ["constraints.txt", "/constraints.txt"],
    ]
    assert ".git" in (ROOT / ".dockerignore").read_text().splitlines()
