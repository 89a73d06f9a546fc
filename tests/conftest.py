"""Tests with full counts run in `make soak` only."""

import os


def pytest_collection_modifyitems(config, items):
    if os.environ.get("SOAK_TESTS"):
        return
    full = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=full)
    items[:] = [item for item in items if not item.get_closest_marker("soak")]
