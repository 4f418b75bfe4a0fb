"""The command and its subcommands; each subcommand has a module of its own."""

import os
from pathlib import Path
from typing import Annotated

import typer

from scripts.cli import dead_letters
from scripts.cli.cost import cost
from scripts.cli.errors import one_line_errors
from scripts.cli.laptop import settings_in
from scripts.cli.statement import statement
from scripts.local.proxies import past_proxies

# Plain text, as errors are one line and help is often piped.
app = typer.Typer(
    name="settled",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(statement)
app.command()(cost)
app.add_typer(dead_letters.app, name="dead-letters")


@app.callback()
def settled(
    ready_file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Take the settings of a laptop's stack from its file."),
    ] = None,
) -> None:
    """
    Ask the ledger of a deployment, and act on what was refused.

    It is found by the settings that the functions have: GOOGLE_CLOUD_PROJECT,
    FIRESTORE_DATABASE, FIRESTORE_EMULATOR_HOST, and STORE (sqlite:PATH on a laptop).
    """
    if ready_file is not None:
        with one_line_errors():
            # What stands in the environment wins, as it does for the stack.
            for name, value in settings_in(ready_file).items():
                os.environ.setdefault(name, value)
        os.environ.update(past_proxies(os.environ))
