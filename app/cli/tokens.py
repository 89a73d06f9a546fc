"""Commands on tokens of the API."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app import clock
from app.cli.opened import ACTOR, opened
from app.errors import InvalidError
from app.services import api_tokens, people, second_factor
from app.services.people import SignedIn


def add(environ: Mapping[str, str], email: str, name: str, days: int, *, read_only: bool) -> None:
    """Make a token and print it, this once."""
    with opened(environ) as (settings, database, _artifacts), database.write() as db:
        user, key = _user(db, email), settings.secret_key
        second_factor.require(user, settings.require_second_factor)
        made = api_tokens.make(
            db, user, name=name, days=days, read_only=read_only, key=key, now=clock.now(), actor=ACTOR
        )
    print(f"Token {made.row.id}, until {made.row.expires_at:%Y-%m-%d}; it is shown this once:")
    print(made.token)


def tell(environ: Mapping[str, str], email: str) -> None:
    """Print a user's tokens, a line each."""
    with opened(environ) as (_settings, database, _artifacts), database.read() as db:
        rows = api_tokens.listing(db, _user(db, email), clock.now())
    for row in rows:
        used = f"{row.used_at:%Y-%m-%d}" if row.used_at else "never"
        state = f"until {row.expires_at:%Y-%m-%d}" if row.works else "works no more"
        print(f"{row.id}  {row.name}  {state}  used {used}{'  only reads' if row.read_only else ''}")


def revoke(environ: Mapping[str, str], token_id: str) -> None:
    """Make a token useless; raises NotFoundError."""
    with opened(environ) as (settings, database, _artifacts), database.write() as db:
        api_tokens.revoke_any(db, token_id, ACTOR, settings.secret_key, clock.now())
    print("The token is revoked.")


def _user(db: Session, email: str) -> SignedIn:
    user = people.by_email(db, email)
    if user is None:
        raise InvalidError(f"There is no user {email}.")
    return user
