"""What a server loads and never needs costs memory for as long as it runs."""

import subprocess
import sys


def test_a_server_is_started_without_what_only_analyses_use():
    heavy = {"scipy.stats", "scipy.signal", "matplotlib", "torch", "pandas"}
    code = f"import sys, app.main, app.cli.processes\nprint(sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
