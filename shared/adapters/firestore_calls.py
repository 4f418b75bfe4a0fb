"""How we call Firestore: short limits on every call, and one error when it is away."""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import Aborted, GoogleAPICallError, RetryError, ServiceUnavailable
from google.api_core.retry import AsyncRetry, Retry, if_exception_type

from shared.usecases.ports.errors import StoreUnavailableError

# Seconds. The library's own limits are 60 and 300, and a caller of ours is answered within 3.
CALL_LASTS_AT_MOST = 1.5
RETRIED = (Aborted, ServiceUnavailable)
_retried = if_exception_type(*RETRIED)
RETRIED_FOR = 1.0
RETRY = Retry(_retried, initial=0.05, maximum=0.3, timeout=RETRIED_FOR)
ASYNC_RETRY = AsyncRetry(_retried, initial=0.05, maximum=0.3, timeout=RETRIED_FOR)


@contextmanager
def store_errors() -> Iterator[None]:
    """Say that the store is away, whichever way it failed."""
    try:
        yield
    except (GoogleAPICallError, RetryError) as error:
        raise StoreUnavailableError(_named(error)) from error


def _named(error: Exception) -> str:
    """Name the failure without its text, which may quote what was to be written."""
    cause = error.cause if isinstance(error, RetryError) else error
    return type(cause).__name__
