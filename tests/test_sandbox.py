"""The child process that reads foreign files: it answers, and it is stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import sandbox

ROOT = Path(__file__).parents[1]
LIMITS = sandbox.Limits(memory_bytes=2 * 2**30, cpu_seconds=2, file_bytes=2**20, wall_seconds=20)
LOCKED = [sys.executable, "-m", "tests.locked"]
_OWN_NETWORK = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


def python(code: str, limits=LIMITS, **options) -> sandbox.Finished:
    return sandbox.run([sys.executable, "-c", code], limits, **options)


def test_it_works():
    done = python("import sys; print(sys.stdin.read().upper()); sys.stderr.write('told')", stdin=b"asked")
    assert done == sandbox.Finished(0, b"ASKED\n", b"told", timed_out=False)


def test_the_exit_code_comes_back():
    assert python("import sys; sys.exit(7)").returncode == 7


def test_clock_time_is_limited():
    started = time.monotonic()
    done = python("import time; time.sleep(60)", sandbox.Limits(2**31, 5, 2**20, 1.0))
    assert done.timed_out
    assert time.monotonic() - started < 10


def test_processor_time_is_limited():
    done = python("while True: pass", sandbox.Limits(2**31, 1, 2**20, 60))
    assert done.returncode == -signal.SIGXCPU
    assert not done.timed_out


def test_memory_is_limited():
    assert b"MemoryError" in python("bytearray(3 * 2**30)").stderr


def test_files_are_limited(tmp_path):
    done = python(f"open({str(tmp_path / 'a')!r}, 'wb').write(bytes(2**21))")
    assert b"File too large" in done.stderr
    assert (tmp_path / "a").stat().st_size <= 2**20


def test_output_is_limited():
    done = python("print('x' * 2**24)")
    assert done.returncode != 0
    assert len(done.stdout) <= 2**20


def test_what_it_started_dies_with_it(tmp_path):
    code = f"""
import os, time
if os.fork() == 0:
    time.sleep(3); open({str(tmp_path / "late")!r}, "w")
time.sleep(60)
"""
    assert python(code, sandbox.Limits(2**31, 5, 2**20, 1.0)).timed_out
    time.sleep(3.5)
    assert not (tmp_path / "late").exists()


def test_it_dies_with_its_parent(tmp_path):
    marker = tmp_path / "late"
    inner = f"import time; print('up', flush=True); time.sleep(3); open({str(marker)!r}, 'w')"
    outer = f"""
import subprocess, sys
from app.sandbox import Limits
from app.sandbox.process import start
child = start([sys.executable, "-c", {inner!r}], Limits(2**31, 9, 2**20, 9), (subprocess.DEVNULL, subprocess.PIPE, subprocess.DEVNULL))
child.stdout.readline()
print("ready", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", outer], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout.readline() == b"ready\n"
        parent.kill()
    time.sleep(3.5)
    assert not marker.exists()


def test_the_environment_stays_here(monkeypatch):
    monkeypatch.setenv("BLINDREAD_SECRET_KEY", "a secret of the parent")
    done = python("import os, json; print(json.dumps(dict(os.environ)))")
    assert not any("BLINDREAD" in name or "PROXY" in name.upper() for name in json.loads(done.stdout))


@pytest.mark.skipif(not _OWN_NETWORK, reason="this kernel gives no network namespace to this user")
def test_there_is_no_network():
    done = python("print(open('/proc/net/dev').read())")
    interfaces = [line.split(":")[0].strip() for line in done.stdout.decode().splitlines() if ":" in line]
    assert interfaces == ["lo"]


@pytest.fixture
def locked(tmp_path):
    (tmp_path / "mine").mkdir()
    with sandbox.spawn(LOCKED, LIMITS, writable=tmp_path / "mine") as child:
        yield child


def test_a_conversation_goes_back_and_forth(locked):
    assert locked.ask({"do": "echo", "with": ["é", 1.5, None]}) == ["é", 1.5, None]
    large = "x" * 3_000_000  # more than a pipe holds
    assert locked.ask({"do": "echo", "with": large}) == large


def test_what_libraries_print_is_no_answer(locked):
    assert locked.ask({"do": "print"}) == "printed"


@pytest.mark.parametrize(
    "what", ["socket", "connect", "run", "fork", "exec", "system", "foreign functions", "kill"]
)
def test_the_lock_refuses(locked, what):
    assert locked.ask({"do": what}) == "refused"
    assert locked.ask({"do": "echo", "with": 1}) == 1


@pytest.mark.parametrize(
    "what", ["write", "append", "remove", "rename", "mkdir", "link", "truncate", "low write"]
)
def test_the_lock_keeps_writing_to_one_folder(locked, tmp_path, what):
    outside, inside = tmp_path / "theirs", tmp_path / "mine" / "file"
    outside.write_text("before")
    inside.write_text("before")
    assert locked.ask({"do": what, "path": str(outside)}) == "refused"
    assert outside.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "theirs"]
    assert locked.ask({"do": what, "path": str(inside)}) == "done"


def test_a_link_out_of_the_folder_is_no_way_out(locked, tmp_path):
    (tmp_path / "mine" / "link").symlink_to(tmp_path / "theirs")
    assert locked.ask({"do": "write", "path": str(tmp_path / "mine" / "link")}) == "refused"
    assert locked.ask({"do": "write", "path": str(tmp_path / "mine" / ".." / "theirs")}) == "refused"
    assert not (tmp_path / "theirs").exists()


def test_a_child_that_stops_is_started_anew(locked):
    first = locked.ask({"do": "who"})
    with pytest.raises(sandbox.Stopped) as stopped:
        locked.ask({"do": "sleep"}, seconds=0.5)
    assert stopped.value.timed_out
    second = locked.ask({"do": "who"})
    with pytest.raises(sandbox.Stopped) as stopped:
        locked.ask({"do": "die"})
    assert not stopped.value.timed_out
    assert len({first, second, locked.ask({"do": "who"})}) == 3


def test_each_question_has_the_processor_time_anew(locked):
    first = locked.ask({"do": "who"})
    for _ in range(3):
        assert locked.ask({"do": "work", "seconds": 1.2}) == "done"
    assert locked.ask({"do": "who"}) == first
    with pytest.raises(sandbox.Stopped):
        locked.ask({"do": "work", "seconds": 30})


def test_starting_takes_nothing_of_the_first_question(tmp_path):
    with sandbox.spawn([*LOCKED, "3.2"], LIMITS, writable=tmp_path) as child:
        assert child.ask({"do": "work", "seconds": 1.2}) == "done"
        with pytest.raises(sandbox.Stopped):
            child.ask({"do": "work", "seconds": 30})


def test_closing_ends_the_child(tmp_path):
    with sandbox.spawn(LOCKED, LIMITS, writable=tmp_path) as child:
        pid = child.ask({"do": "who"})
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_only_a_module_can_be_locked(tmp_path):
    done = python("print('ran')", writable=tmp_path)
    assert done.returncode != 0
    assert b"ran" not in done.stdout
