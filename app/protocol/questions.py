"""The short questionnaire that a researcher composes: about the reader, before the images or after them."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.errors import InvalidError
from app.words.sentence import N_

Kind = Literal["text", "number", "choice"]
MOST_QUESTIONS = 12
MOST_CHOICES = 20
LONGEST_QUESTION = 300
LONGEST_ANSWER = 1000
MOST_NUMBER = 10**6
_GROUPED = re.compile(r"[1-9]\d{0,2}([.,]\d{3})+")  # 1.000 is a thousand to some readers and one to others


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `after` puts it behind the last image, where it may name what the study was for."""

    text: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    required: bool = False
    after: bool = False

    def __post_init__(self) -> None:
        """Refuse what readers could not answer."""
        if not 1 <= len(self.text) <= LONGEST_QUESTION:
            raise InvalidError(f"A question has 1 to {LONGEST_QUESTION} characters.")
        if self.kind == "choice" and not 2 <= len(set(self.choices)) == len(self.choices) <= MOST_CHOICES:
            raise InvalidError(
                f"The question “{self.text}” needs 2 to {MOST_CHOICES} different choices, separated by commas."
            )
        if self.kind != "choice" and self.choices:
            raise InvalidError(f"The question “{self.text}” has choices, but is not a choice.")
        if any(not 1 <= len(choice) <= LONGEST_QUESTION for choice in self.choices):
            raise InvalidError(f"A choice has 1 to {LONGEST_QUESTION} characters.")

    def answered(self, given: str) -> str | float | None:
        """The answer as it is kept, None for none; raises InvalidError for one that cannot be."""
        text = given.strip()
        if not text:
            if self.required:
                raise InvalidError(N_("Please answer: {question}", question=self.text))
            return None
        if self.kind == "number":
            return self._number(text)
        if self.kind == "choice" and text not in self.choices:
            raise InvalidError(N_("Please choose one of the answers to: {question}", question=self.text))
        if len(text) > LONGEST_ANSWER:
            raise InvalidError(N_("An answer has at most {most} characters.", most=LONGEST_ANSWER))
        return text

    def _number(self, text: str) -> float:
        plain = unicodedata.normalize("NFKC", text)  # digits as an East Asian keyboard may give them
        if _GROUPED.fullmatch(plain):
            raise InvalidError(
                N_("Please give the number without a sign between thousands: {question}", question=self.text)
            )
        try:
            number = float(plain.replace(",", "."))
        except ValueError:
            number = -1.0
        if not 0 <= number <= MOST_NUMBER:
            raise InvalidError(N_("Please give a number, 0 or more: {question}", question=self.text))
        return number


def answers(
    questions: tuple[Question, ...], given: Mapping[str, str], *, after: bool
) -> list[dict[str, object]]:
    """What is kept of a filled-in page: each question of this page by its wording, with its answer.

    `given` holds answers under `q1`, `q2`, … by the questions' numbers in the protocol. Raises InvalidError.
    """
    return [
        {"question": question.text, "answer": question.answered(given.get(f"q{number}", ""))}
        for number, question in enumerate(questions, start=1)
        if question.after == after
    ]
