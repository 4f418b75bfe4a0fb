"""The sales behind a figure as CSV: one row a sale, exact decimals, nothing of the person."""

import csv
from collections.abc import Iterable
from io import StringIO

from shared.domain.statement import Statement
from shared.domain.statement_lines import Line


def row(line: Line) -> dict[str, str]:
    """Write a sale in words; amounts in major units, what is unknown as an empty word."""
    return {
        "sale_key": line.sale_key,
        "settled_at": line.settled_at.isoformat().replace("+00:00", "Z"),
        "currency": line.currency,
        "amount": str(line.major(line.amount_minor)),
        "settled": str(line.major(line.settled_minor)),
        "state": line.state or "",
        "reason": line.reason or "",
        "refunded": str(line.major(line.refunded_minor)),
        "matched_by": line.matched_by or "",
        "no_match": line.no_match or "",
        "event_id": line.event_id,
        "ambiguous": str(line.ambiguous),
    }


COLUMNS = (
    "sale_key",
    "settled_at",
    "currency",
    "amount",
    "settled",
    "state",
    "reason",
    "refunded",
    "matched_by",
    "no_match",
    "event_id",
    "ambiguous",
)


def rows(found: Iterable[Statement], figure: str) -> str:
    written = StringIO()
    # Without the carriage returns of RFC 4180: cut, sort and join take them for data.
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row(line) for statement in found for line in statement.behind(figure))
    return written.getvalue()
