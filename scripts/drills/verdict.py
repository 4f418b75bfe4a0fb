"""
What a drill came to: what Stripe settled, what Meta received, and what the ledger says between.

Every payment of a drill has an amount of its own, so that it is known at both ends by its money
alone and nothing of ours has to vouch for it. Two copies from the server are two for Meta.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Money(NamedTuple):
    """Minor units, and the currency in capitals."""

    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the ledger says of one payment; `ambiguous` counts attempts that nobody can judge."""

    state: str
    attempts: int
    ambiguous: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What `settled statement --json` says of all currencies together."""

    adds_up: bool
    settled: Mapping[str, int]
    """Minor units by currency."""
    settled_count: int
    accepted_count: int


@dataclass(frozen=True, slots=True)
class Views:
    """Page views: those that `collect` promised to keep, and how often Meta got each of all."""

    promised: Collection[str]
    received: Mapping[str, int]

    @property
    def lost(self) -> list[str]:
        return sorted(each for each in self.promised if each not in self.received)

    @property
    def repeated(self) -> int:
        """Count the copies beyond the first: a worker that dies after it sent sends again."""
        return sum(count - 1 for count in self.received.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Whether the promise was kept, and by which payments it was not.

    `resent` counts copies that Meta received because an earlier attempt ended without an answer:
    the ledger knows of each. `doubled` are copies that nothing explains.
    """

    settled: int
    accepted: int
    lost: Sequence[Money]
    doubled: Sequence[Money]
    never_settled: Sequence[Money]
    unlike_the_ledger: Sequence[Money]
    resent: int
    ambiguous: int
    attempts: int
    views: Views
    statement: Statement
    statement_is_right: bool

    @property
    def passed(self) -> bool:
        wrong = (self.lost, self.doubled, self.never_settled, self.unlike_the_ledger)
        return self.statement_is_right and not any(wrong) and not self.views.lost


def judge(
    sold: Collection[Money],
    told: Sequence[Money],
    ledger: Mapping[Money, LedgerEntry],
    statement: Statement,
    views: Views,
) -> Verdict:
    """Compare both ends; `told` names a payment once for each copy that Meta received."""
    copies = Counter(told)
    extra = {money: count - 1 for money, count in copies.items() if count > 1}
    known = {money: entry.ambiguous for money, entry in ledger.items()}
    accepted = {money for money, entry in ledger.items() if entry.state == "accepted"}
    return Verdict(
        settled=len(sold),
        accepted=len(copies.keys() & set(sold)),
        lost=sorted(set(sold) - copies.keys()),
        doubled=sorted(m for m, count in extra.items() if count > known.get(m, 0)),
        never_settled=sorted(copies.keys() - set(sold)),
        unlike_the_ledger=sorted(accepted ^ copies.keys()),
        resent=sum(min(count, known.get(m, 0)) for m, count in extra.items()),
        ambiguous=sum(known.values()),
        attempts=sum(entry.attempts for entry in ledger.values()),
        views=views,
        statement=statement,
        statement_is_right=_is_right(statement, sold),
    )


def _is_right(statement: Statement, sold: Collection[Money]) -> bool:
    """Hold the statement against what Stripe says settled: in sum, in count, to the cent."""
    by_currency: Counter[str] = Counter()
    for money in sold:
        by_currency[money.currency] += money.amount_minor
    return (
        statement.adds_up
        and statement.settled == dict(by_currency)
        and statement.settled_count == statement.accepted_count == len(sold)
    )
