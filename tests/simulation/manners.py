"""How visitors answer the question for their consent, where they are, and when they change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Answer(StrEnum):
    """What a visitor answers; some say nothing at all."""

    YES = "agrees"
    NOTHING = "says nothing"
    NO = "refuses"
    KEEP_IT_TO_YOU = "lets us store, and tell nobody"


@dataclass(frozen=True, slots=True)
class Manner:
    """A visitor's answer, and the country from which they come; None where nobody knows."""

    answer: Answer
    country: str | None

    def __str__(self) -> str:
        return f"{self.answer}, from {self.country or 'somewhere'}"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """When somebody says no after all: to everything, or only to being told of."""

    at: datetime
    keeps_storage: bool = False

    def __str__(self) -> str:
        return f"says no{' to telling' * self.keeps_storage} at {self.at:%d %H:%M:%S}"
