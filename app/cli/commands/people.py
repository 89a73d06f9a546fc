"""Commands on people: users, their tokens of the API, the erasure of a reader."""

import os
import sys
from typing import Annotated

import typer

commands = typer.Typer()
user_commands = typer.Typer(help="Researchers and admins.", no_args_is_help=True)
token_commands = typer.Typer(help="Tokens of the API.", no_args_is_help=True)
commands.add_typer(user_commands, name="user")
commands.add_typer(token_commands, name="token")


@user_commands.command("add")
def user_add(
    email: str,
    role: Annotated[str, typer.Option(help="admin or researcher.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
) -> None:
    """Add a user; without --password-stdin a password is made and printed once."""
    from app.cli import people

    people.add_user(os.environ, email, role, sys.stdin.readline().rstrip("\n") if password_stdin else None)


@token_commands.command("add")
def token_add(
    email: str,
    name: Annotated[str, typer.Option(help="What it is for.")],
    days: Annotated[int, typer.Option(help="30, 90 or 365.")] = 90,
    read_only: Annotated[bool, typer.Option("--read-only", help="It changes nothing.")] = False,
) -> None:
    """Make a token of the API for a user; it is printed once."""
    from app.cli import tokens

    tokens.add(os.environ, email, name, days, read_only=read_only)


@token_commands.command("list")
def token_list(email: str) -> None:
    """Tell a user's tokens: id, name, until when, last used."""
    from app.cli import tokens

    tokens.tell(os.environ, email)


@token_commands.command("revoke")
def token_revoke(token: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Make a token useless, by its id."""
    from app.cli import tokens

    tokens.revoke(os.environ, token)


@commands.command()
def erase(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The session's id.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="The reader's code.")],
    reason: Annotated[
        str, typer.Option(help="Why, for the audit trail; name nobody.", prompt="Why (name nobody)")
    ],
    ratings: Annotated[
        bool, typer.Option("--ratings/--identity", help="All ratings, too, or who it was alone.")
    ],
) -> None:
    """Erase a reader on request, for good: who that was, or that and all ratings."""
    from app.cli import people

    people.erase(os.environ, session, code, reason, ratings=ratings)
