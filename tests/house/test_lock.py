"""The lock file: floors for packages with known holes, no addresses, no hashes of one platform."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
FLOORS = {
    "starlette": "1.3.1",
    "python-multipart": "0.0.27",
    "pillow": "13",
    "pydicom": "3.0.2",
    "torch": "2.10",
}


def locked():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {
        canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in lines)
    }


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_locked_versions_are_above_their_floors(name, floor):
    assert locked()[name] >= Version(floor)


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_declared_versions_are_above_their_floors(name, floor):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["worker"]]
    (requirement,) = [r for r in map(Requirement, declared) if r.name == name]
    below = Version(floor).base_version + ".dev0"
    assert not requirement.specifier.contains(below, prereleases=True)


def test_the_lock_names_neither_addresses_nor_hashes():
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert "--hash" not in text
    assert "@" not in text


def test_every_declared_package_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["worker"], *extras["dev"]]
    names = {canonicalize_name(Requirement(text).name) for text in declared}
    assert names - set(locked()) == set()
