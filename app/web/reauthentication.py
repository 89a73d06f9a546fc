"""Who is signed in shows once more that it is they, before an act that would outlast a browser left open or a stolen cookie."""

from limits import parse

from app import clock
from app.errors import InvalidError, SignInRequiredError, TooManyError
from app.services import passwords, second_factor
from app.services.people import SignedIn
from app.web.deps import Context

PASSWORDS = parse("10/hour")  # attempts at the present password, which takes long to check
CODES = (parse("5/minute"), parse("30/day"))  # three of a million codes are right at any moment


def require(ctx: Context, user: SignedIn, present: str, code: str) -> None:
    """Raise InvalidError where this is not the user's password, or, with a second factor, no code of it; the code is used up."""
    require_password(ctx, user, present)
    if not user.second_factor:
        return
    count_code(ctx, user.id)
    try:
        with ctx.database.write() as db:
            second_factor.check(db, user.id, code, ctx.settings.secret_key, clock.now())
    except SignInRequiredError as refusal:
        raise InvalidError(refusal.sentence) from None


def require_password(ctx: Context, user: SignedIn, present: str) -> None:
    """Raise InvalidError where this is not the user's password; slow by design, so it stands before any write."""
    count(ctx, user)
    with ctx.database.read() as db:
        passwords.require(db, user.id, present)


def count(ctx: Context, user: SignedIn) -> None:
    """Raise TooManyError after too many attempts, right or wrong."""
    if not ctx.limiter.hit(PASSWORDS, "password", user.id):
        raise TooManyError("Too many attempts; please wait an hour.")


def count_code(ctx: Context, user_id: str) -> None:
    """The same for codes of a second factor, at sign-in and here together."""
    counted = [ctx.limiter.hit(limit, "second factor", user_id) for limit in CODES]
    if not all(counted):
        raise TooManyError("Too many attempts; please wait a minute, or ask an admin.")
