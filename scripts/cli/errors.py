"""What went wrong, in one line on standard error, and an exit status that says whose turn it is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from google.auth.exceptions import GoogleAuthError

from shared.environment import SettingError
from shared.usecases.ports.errors import QueueUnavailableError, StoreUnavailableError

FAILED = 1
ASKED_WRONGLY = 2


class AskedWronglyError(Exception):
    """The command line cannot be answered; the message says what to write."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the command with a sentence in place of a traceback."""
    try:
        yield
    except (AskedWronglyError, SettingError) as error:
        end(str(error), ASKED_WRONGLY)
    except StoreUnavailableError as error:
        end(f"the ledger cannot be read: {error}", FAILED)
    except QueueUnavailableError as error:
        end(f"the queue is away: {error}; nothing is lost, ask the same again", FAILED)
    except GoogleAuthError as error:
        advice = "run `gcloud auth application-default login`"
        end(f"Google Cloud does not know who asks ({type(error).__name__}): {advice}", FAILED)


def end(message: str, status: int) -> None:
    print(f"settled: {message}", file=sys.stderr)
    raise typer.Exit(status)
