"""The statement for a person: one table a currency, and the line that proves it."""

from collections.abc import Sequence

from rich.table import Table

from scripts.cli.pages import page, plain_table
from scripts.cli.statement_csv import row
from shared.domain.conversions import Destination
from shared.domain.period import Period
from shared.domain.statement import Figure, Statement
from shared.domain.statement_lines import Fate

_LISTED = ("sale_key", "settled_at", "currency", "settled", "refunded", "state", "reason")


def table(found: Sequence[Statement], asked: Period, destination: Destination) -> str:
    if not found:
        return f"No sale settled {asked}.\n"
    console, written = page()
    console.print(f"Settled {asked}, and what {destination} was told of it")
    for statement in found:
        console.print()
        console.print(_table(statement))
        console.print(proof(statement), soft_wrap=True)
    return written.getvalue()


def listing(found: Sequence[Statement], asked: Period, figure: str) -> str:
    """List the sales behind one figure, in all currencies."""
    lines = [line for statement in found for line in statement.behind(figure)]
    if not lines:
        return f"No sale is behind {figure}, {asked}.\n"
    listed = plain_table()
    for name in (*_LISTED, "session"):
        money = name in {"settled", "refunded"}
        listed.add_column(name, justify="right" if money else "left", no_wrap=True)
    for line in lines:
        words = row(line)
        session = words["matched_by"] or words["no_match"]
        listed.add_row(*(words[name] for name in _LISTED), session)
    console, written = page()
    console.print(listed)
    return written.getvalue()


def proof(statement: Statement) -> str:
    """Write the sum out; say so where it is not what settled."""
    terms = [f"{_major(statement, statement.of(fate))} {_words(fate)}" for fate in Fate]
    sum_of_fates = " + ".join(terms)
    settled = f"{_major(statement, statement.settled)} settled"
    if statement.adds_up:
        return f"adds up: {sum_of_fates} = {settled}"
    lost = f"{_major(statement, statement.unexplained)} unexplained"
    return f"DOES NOT ADD UP: {sum_of_fates} + {lost} = {settled}"


def _table(statement: Statement) -> Table:
    shown = plain_table()
    shown.add_column(statement.currency, no_wrap=True)
    shown.add_column("sales", justify="right", no_wrap=True)
    shown.add_column("amount", justify="right", no_wrap=True)

    def add(words: str, figure: Figure, style: str | None = None) -> None:
        shown.add_row(words, str(len(figure.sale_keys)), _major(statement, figure), style=style)

    add("settled", statement.settled, "bold")
    for fate in Fate:
        add(f"  {_words(fate)}", statement.of(fate))
        if fate is not Fate.ACCEPTED:
            for name, part in statement.parts[fate].items():
                add(f"    {name}", part, "dim")
    if not statement.adds_up:
        add("  unexplained", statement.unexplained, "bold red")
    shown.add_section()
    add("refunded of these", statement.refunded)
    shown.add_row("net", "", str(statement.major(statement.net_minor)))
    if statement.off_stripe.sale_keys:
        add("beside it, off Stripe", statement.off_stripe, "dim")
    if statement.maybe_told.sale_keys:
        add("closed, but maybe told", statement.maybe_told, "yellow")
    return shown


def _words(fate: Fate) -> str:
    return fate.replace("_", " ")


def _major(statement: Statement, figure: Figure) -> str:
    return str(statement.major(figure.amount_minor))
