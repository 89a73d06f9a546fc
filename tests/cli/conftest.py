"""The command as a user calls it, in this process."""

from dataclasses import dataclass

import pytest

from app import cli


@dataclass(frozen=True, slots=True)
class Told:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def blindread(monkeypatch, capsys, tmp_path):
    """Calls `blindread ARGUMENTS…` on a data folder of its own; returns exit code, stdout and stderr."""
    monkeypatch.setenv("BLINDREAD_DATA_DIR", str(tmp_path / "data"))

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["blindread", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return Told(ended.value.code, told.out, told.err)

    return call
