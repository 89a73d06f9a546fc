"""What is stored of a study besides its ratings: its protocol, where its images come from, how its readers fared."""

from dataclasses import dataclass

from app.protocol.design import Protocol


@dataclass(frozen=True, slots=True)
class Sampled:
    """A generator under test: its name, how many of its images were to be read, how they were sampled, in words, and of which experiment it is."""

    label: str
    images: int
    sampling: str
    experiment: str = ""


@dataclass(frozen=True, slots=True)
class Turnout:
    """How many readers were invited, began, finished, withdrew their answers, did not consent, opened their link, and gave answers that count."""

    invited: int
    started: int
    finished: int
    withdrew: int
    declined: int
    opened: int = 0
    analysed: int = 0


@dataclass(frozen=True, slots=True)
class Study:
    """A session as it was designed and held; `preparation` in words, dates as YYYY-MM-DD (empty: it did not happen).

    `marks` say what a reader of the report has to know of how the session was closed and unblinded. `before` has the protocols of
    the phases that readers went through before this one, the first one first.
    """

    protocol: Protocol
    n_real: int
    arms: tuple[Sampled, ...]
    size: str
    preparation: str
    turnout: Turnout
    frozen: str
    opened: str
    closed: str
    marks: tuple[str, ...] = ()
    before: tuple[Protocol, ...] = ()
