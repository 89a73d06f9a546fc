"""Tests with full counts run in `make soak` only; no test may call anybody outside this machine."""

import os
import runpy
import tempfile
from pathlib import Path

import argon2
import pytest
from hypothesis import settings

from app.protocol import balance
from app.services import passwords

settings.register_profile("without a clock", deadline=None)  # a crowded machine is no failure
settings.load_profile("without a clock")


TRIES = "OUTBOUND_TRIES"
WATCH = Path(__file__).parent / "outbound"


def pytest_configure(config):
    """Watch this process and every Python that it starts; workers and servers write to the same file."""
    if not hasattr(config, "workerinput"):
        os.environ[TRIES] = tempfile.mkstemp(prefix="outbound")[1]
        paths = [str(WATCH), *filter(None, [os.environ.get("PYTHONPATH")])]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    runpy.run_path(str(WATCH / "sitecustomize.py"))


def pytest_sessionfinish(session):
    """The run fails where anything tried."""
    if hasattr(session.config, "workerinput"):
        return
    tries = Path(os.environ[TRIES])
    if told := tries.read_text():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nOutbound connections were tried:\n{told}")  # noqa: T201
    tries.unlink()


@pytest.fixture(autouse=True, scope="session")
def _few_simulated_readers():
    """Each audit of a test simulates few readers; the tests of the balance itself say how many they mean."""
    usual, balance.READERS = balance.READERS, 200
    yield
    balance.READERS = usual


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords():
    """Thousands of sign-ins of tests need no slow hash; what programs that they start make is as slow as ever."""
    usual, passwords._hasher = passwords._hasher, argon2.PasswordHasher(1, 8, 1)
    yield
    passwords._hasher = usual


def pytest_collection_modifyitems(config, items):
    if os.environ.get("SOAK_TESTS"):
        return
    full = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=full)
    items[:] = [item for item in items if not item.get_closest_marker("soak")]
