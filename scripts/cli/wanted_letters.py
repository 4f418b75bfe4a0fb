"""The options by which dead letters are chosen: ids, or a reason, a kind, a span of days."""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scripts.cli.errors import AskedWronglyError
from scripts.cli.period import period
from shared.usecases.find_dead_letters import Kind, Wanted

_BEFORE_ANYTHING = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER_EVERYTHING = datetime(9999, 1, 1, tzinfo=UTC)
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line said; None for what it did not say."""

    reason: str | None = None
    kind: Kind | None = None
    day: str | None = None
    first: str | None = None
    last: str | None = None

    @property
    def is_empty(self) -> bool:
        return self == Choice()

    def wanted(self, now: datetime, *, judged: bool = False) -> Wanted:
        """Choose by the day of the refusal; without a day, all days."""
        since, until = _BEFORE_ANYTHING, _AFTER_EVERYTHING
        if (self.day, self.first, self.last) != (None, None, None):
            days = period(self.day, self.first, self.last, today=now.date())
            since, until = days.since, days.until
        return Wanted(since, until, self.reason, self.kind, judged)


def insist_on_a_choice(keys: Sequence[str], choice: Choice) -> None:
    """Refuse to act on everything because nothing was said."""
    if keys and not choice.is_empty:
        raise AskedWronglyError("give ids, or choose by --reason, --kind and days, not both")
    if not keys and choice.is_empty:
        raise AskedWronglyError("say which: ids, --reason, --kind, --day, or --from and --to")


def operator(by: str | None) -> str:
    """Name who acts, for the audit: as told, else whom the machine says."""
    try:
        name = (getpass.getuser() if by is None else by).strip()
    except (KeyError, OSError, ImportError):
        raise AskedWronglyError("this machine names no user; say who you are with --by") from None
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise AskedWronglyError("--by is empty or no name; write one like ada@shop.example")
    return name
