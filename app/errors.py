"""What can go wrong for a user. Each error carries one sentence that the user can act on."""


class AppError(Exception):
    """A refusal with a sentence for the person who caused it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFoundError(AppError):
    """It does not exist, or this person may not know that it does."""


class ForbiddenError(AppError):
    """The person is known, and may not do this."""


class SecondFactorRequiredError(ForbiddenError):
    """The person is known, and has to set up a second factor before anything else."""


class SignInRequiredError(AppError):
    """Nobody is signed in, or the sign-in has ended."""


class InvalidError(AppError):
    """The input cannot be used; the sentence says what to change."""


class ConflictError(AppError):
    """The input was fine, but the state of things does not allow it."""


class ClosedError(ConflictError):
    """Nothing more is taken here: it is closed, not open yet, or given up. What was sent is not the reason."""


class TooLargeError(AppError):
    """More bytes than this server takes."""


class TooManyError(AppError):
    """Too many attempts; wait."""


class UnavailableError(AppError):
    """Nothing is wrong with what was asked, but it cannot be done or saved now; the same again later is right."""
