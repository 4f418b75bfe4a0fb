"""The statement as JSON: amounts twice, as exact decimals in strings and as integers."""

import json
from collections.abc import Sequence
from typing import Any

from scripts.cli.period import Period
from scripts.cli.statement_csv import row
from shared.domain.conversions import Destination
from shared.domain.statement import Figure, Statement
from shared.domain.statement_lines import Fate


def document(
    found: Sequence[Statement], asked: Period, destination: Destination, figure: str | None
) -> str:
    """Give all figures, and with `figure` also the rows of the sales behind that one."""
    whole: dict[str, Any] = {
        "from": str(asked.first),
        "to": str(asked.last),
        "destination": destination,
        "adds_up": all(statement.adds_up for statement in found),
        "currencies": [_currency(statement) for statement in found],
    }
    if figure is not None:
        behind = [line for statement in found for line in statement.behind(figure)]
        whole["list"] = {"figure": figure, "sales": [row(line) for line in behind]}
    return json.dumps(whole, indent=2) + "\n"


def _currency(statement: Statement) -> dict[str, Any]:
    fates = {str(fate): _fate(statement, fate) for fate in Fate}
    return {
        "currency": statement.currency,
        "adds_up": statement.adds_up,
        "settled": _figure(statement, statement.settled),
        **fates,
        "refunded": _figure(statement, statement.refunded),
        "net": _amount(statement, statement.net_minor),
        "off_stripe": _figure(statement, statement.off_stripe),
        "unexplained": _figure(statement, statement.unexplained),
    }


def _fate(statement: Statement, fate: Fate) -> dict[str, Any]:
    whole = _figure(statement, statement.of(fate))
    parts = {name: _figure(statement, each) for name, each in statement.parts[fate].items()}
    match fate:
        case Fate.ACCEPTED:
            return whole
        case Fate.IN_FLIGHT:
            return {**whole, "by_state": parts}
        case Fate.REJECTED | Fate.EXPIRED | Fate.WITHHELD:
            return {**whole, "by_reason": parts}


def _figure(statement: Statement, figure: Figure) -> dict[str, Any]:
    return {
        **_amount(statement, figure.amount_minor),
        "count": len(figure.sale_keys),
        "sale_keys": figure.sale_keys,
    }


def _amount(statement: Statement, amount_minor: int) -> dict[str, Any]:
    return {"amount": str(statement.major(amount_minor)), "amount_minor": amount_minor}
