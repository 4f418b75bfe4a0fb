"""The statement as plain maps and lists: amounts twice, as exact decimals in text and integers."""

from collections.abc import Sequence

from shared.domain.conversions import Destination
from shared.domain.period import Period
from shared.domain.statement import Figure, Statement
from shared.domain.statement_lines import Fate

Words = dict[str, object]


def words_of(found: Sequence[Statement], asked: Period, destination: Destination) -> Words:
    """Give all figures of all currencies, and the sale keys behind each."""
    return {
        "from": str(asked.first),
        "to": str(asked.last),
        "destination": destination,
        "adds_up": all(statement.adds_up for statement in found),
        "currencies": [_currency(statement) for statement in found],
    }


def _currency(statement: Statement) -> Words:
    fates = {str(fate): _fate(statement, fate) for fate in Fate}
    return {
        "currency": statement.currency,
        "adds_up": statement.adds_up,
        "settled": _figure(statement, statement.settled),
        **fates,
        "refunded": _figure(statement, statement.refunded),
        "net": _amount(statement, statement.net_minor),
        "off_stripe": _figure(statement, statement.off_stripe),
        "maybe_told": _figure(statement, statement.maybe_told),
        "unexplained": _figure(statement, statement.unexplained),
    }


def _fate(statement: Statement, fate: Fate) -> Words:
    whole = _figure(statement, statement.of(fate))
    parts = {name: _figure(statement, each) for name, each in statement.parts[fate].items()}
    match fate:
        case Fate.ACCEPTED:
            return whole
        case Fate.IN_FLIGHT:
            return {**whole, "by_state": parts}
        case Fate.REJECTED | Fate.EXPIRED | Fate.WITHHELD:
            return {**whole, "by_reason": parts}


def _figure(statement: Statement, figure: Figure) -> Words:
    return {
        **_amount(statement, figure.amount_minor),
        "count": len(figure.sale_keys),
        "sale_keys": figure.sale_keys,
    }


def _amount(statement: Statement, amount_minor: int) -> Words:
    return {"amount": str(statement.major(amount_minor)), "amount_minor": amount_minor}
