"""`settled statement`: what became of the money that settled."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from scripts.cli import statement_csv, statement_json, statement_table
from scripts.cli.errors import FAILED, AskedWronglyError, end, one_line_errors
from scripts.cli.ledger import store_of
from scripts.cli.period import period
from shared.domain.conversions import Destination
from shared.domain.period import Period
from shared.domain.statement import FIGURES, Statement, is_figure, statements

_DESTINATION = Destination.META
_DAY = "YYYY-MM-DD"


def statement(
    *,
    day: Annotated[
        str | None, typer.Option(metavar=_DAY, help="One UTC day; today if none is given.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar=_DAY, help="The first day of several.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar=_DAY, help="The last day, itself included.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Exact decimals as strings, minor units as integers.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="One row a sale.")] = False,
    figure: Annotated[
        str | None,
        typer.Option(
            "--list",
            metavar="FIGURE",
            help="The sales behind one figure: withheld, withheld:renewal, in_flight:owed, …",
        ),
    ] = None,
) -> None:
    """
    Say, per currency and to the cent, what became of the money that settled.

    A sale belongs to the UTC day on which it settled. The exit status is 1 where the
    figures do not add up or the ledger cannot be read, 2 where the question is wrong.
    """
    with one_line_errors():
        if json and csv:
            raise AskedWronglyError("choose --json or --csv, not both")
        if figure is not None and not is_figure(figure):
            known = ", ".join(FIGURES)
            raise AskedWronglyError(f"there is no figure {figure!r}; there are {known}")
        asked = period(day, first, last, today=datetime.now(UTC).date())
        found = _read(asked)
        print(_written(found, asked, figure, as_json=json, as_csv=csv), end="")
        _insist(found)


def _read(asked: Period) -> tuple[Statement, ...]:
    with store_of(os.environ) as store:
        return statements(store.settled.between(asked.since, asked.until), _DESTINATION)


def _written(
    found: tuple[Statement, ...],
    asked: Period,
    figure: str | None,
    *,
    as_json: bool,
    as_csv: bool,
) -> str:
    if as_csv:
        return statement_csv.rows(found, figure or "settled")
    if as_json:
        return statement_json.document(found, asked, _DESTINATION, figure)
    if figure is not None:
        return statement_table.listing(found, asked, figure)
    return statement_table.table(found, asked, _DESTINATION)


def _insist(found: tuple[Statement, ...]) -> None:
    """End in failure where money is unexplained: nobody may take such a statement for the truth."""
    wrong = [statement.currency for statement in found if not statement.adds_up]
    if wrong:
        advice = "--list unexplained names the sales"
        end(f"the statement does not add up in {', '.join(wrong)}; {advice}", FAILED)
