"""The `blindread` command: its parts, and how it ends."""

import sys

import typer

from app.cli import commands
from app.errors import AppError

app = typer.Typer(
    name="blindread",
    help="Visual Turing tests of medical images: sessions, samples, reports.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for subject in commands.SUBJECTS:
    app.add_typer(subject.commands)


def main() -> None:
    """Run the command; exit with 2 and one sentence on stderr where it cannot be done."""
    try:
        code = app(standalone_mode=False)
    except _refusals() as error:
        print(_sentence(error), file=sys.stderr)
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _refusals() -> tuple[type[Exception], ...]:
    """What ends in a sentence; SQLAlchemy's where it is loaded, as commands without a database start faster without it."""
    loaded = sys.modules.get("sqlalchemy.exc")
    return (AppError, typer.TyperException, *([loaded.SQLAlchemyError] if loaded else []))


def _sentence(error: Exception) -> str:
    if isinstance(error, AppError):
        return error.sentence
    if isinstance(error, typer.TyperException):
        return error.format_message()
    return f"The database cannot be used: {getattr(error, 'orig', None) or error}."
