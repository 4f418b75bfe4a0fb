"""The audit: what a person did about something dead, and why something was left as it was."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Deed(StrEnum):
    """What a person can do about a dead letter."""

    REPLAYED = "replayed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Act:
    """One deed: `by` whom and when, and the `reason` for which it was dead then."""

    deed: Deed
    by: str
    at: datetime
    reason: str | None = None


class Unfit(StrEnum):
    """Why a deed was not done; nothing was changed."""

    NO_SUCH_LETTER = "no_such_letter"
    NOT_REJECTED = "not_rejected"
    ALREADY_QUEUED = "already_queued"
    ALREADY_ACCEPTED = "already_accepted"
    ALREADY_DROPPED = "already_dropped"
    TOO_OLD = "too_old"
    LATE_FOR_DEDUPLICATION = "late_for_deduplication"
    REFUNDED = "refunded"
    INCOMPLETE = "incomplete"
    NO_CONSENT = "no_consent"


ADVICE: Final[dict[Unfit, str]] = {
    Unfit.NO_SUCH_LETTER: "look the id up with `settled dead-letters list`",
    Unfit.NOT_REJECTED: "nobody refused it; `settled statement --list` says what became of it",
    Unfit.ALREADY_QUEUED: "it is on its way; look again in a moment",
    Unfit.ALREADY_ACCEPTED: "there is nothing left to do",
    Unfit.ALREADY_DROPPED: "somebody has judged it before",
    Unfit.TOO_OLD: "Meta takes nothing that is older than 7 days; drop it",
    Unfit.LATE_FOR_DEDUPLICATION: "the Pixel may have told Meta, who would count both by now",
    Unfit.REFUNDED: "the money was given back; there is nothing to report",
    Unfit.INCOMPLETE: "it lacks what Meta demands, and would be refused again; drop it",
    Unfit.NO_CONSENT: "the visitor does not agree to it; drop it",
}
"""What the reader can do next, a clause for each."""
