"""The command and its subcommands; each subcommand has a module of its own."""

import typer

from scripts.cli.statement import statement

# Plain text, as errors are one line and help is often piped.
app = typer.Typer(
    name="settled",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(statement)


@app.callback()
def settled() -> None:
    """
    Ask the ledger of a deployment.

    It is found by the settings that the functions have: GOOGLE_CLOUD_PROJECT,
    FIRESTORE_DATABASE, FIRESTORE_EMULATOR_HOST, and STORE (sqlite:PATH on a laptop).
    """
