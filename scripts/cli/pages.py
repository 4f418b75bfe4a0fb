"""What a person reads in a terminal: pages too wide to fold, and tables without a frame."""

from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

_WIDE = 400


def page() -> tuple[Console, StringIO]:
    """
    Give a page to write on, too wide to fold or cut an amount.

    Ids and reasons come from outside, so nothing in them is read as markup.
    """
    written = StringIO()
    colours = Console().is_terminal
    console = Console(
        file=written,
        width=_WIDE,
        force_terminal=colours,
        markup=False,
        emoji=False,
        highlight=False,
    )
    return console, written


def plain_table() -> Table:
    return Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
