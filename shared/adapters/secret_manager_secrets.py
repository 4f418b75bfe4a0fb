"""Secrets by reference: `projects/…/versions/…` from Secret Manager, `plain:…` on a laptop."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from shared.usecases.ports.errors import SecretUnavailableError

_PLAIN = "plain:"
# Rotation reaches every instance within this time, without a deploy.
KEPT_FOR = timedelta(minutes=5)
_ASKED_AGAIN_AFTER = timedelta(seconds=30)


class Secret:
    """A value that does not print itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"


class Reader(Protocol):
    """One look-up of one version; raises SecretUnavailableError."""

    def __call__(self, reference: str) -> str: ...


class SecretManagerSecrets:
    """
    Reads secrets, keeps them for minutes, and serves a stale one if Secret Manager is away.

    Two threads may read the same secret at once; both read the same value, so no lock.
    """

    def __init__(self, read: Reader, clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock
        self._cached: dict[str, tuple[Secret, datetime]] = {}

    def get(self, reference: str) -> Secret:
        """Return the value, white space trimmed: a pasted secret often ends in a newline."""
        if reference.startswith(_PLAIN):
            return Secret(reference.removeprefix(_PLAIN).strip())
        cached = self._cached.get(reference)
        now = self._clock()
        if cached is not None and now < cached[1]:
            return cached[0]
        try:
            value = self._read(reference).strip()
        except SecretUnavailableError:
            if cached is None:
                raise
            # Callers wait behind each reading; so it is not tried again for every one of them.
            self._cached[reference] = (cached[0], now + _ASKED_AGAIN_AFTER)
            return cached[0]
        if not value:
            raise SecretUnavailableError("blank")
        self._cached[reference] = (Secret(value), now + KEPT_FOR)
        return self._cached[reference][0]


def secret_manager_reader() -> Reader:
    """Read from Google's Secret Manager; its client is imported and made on first use."""
    clients: list[object] = []

    def read(reference: str) -> str:
        from google.api_core.exceptions import (  # noqa: PLC0415  A laptop never pays for it.
            GoogleAPICallError,
            RetryError,
        )
        from google.cloud.secretmanager import (  # noqa: PLC0415
            SecretManagerServiceClient,
        )

        if not clients:
            clients.append(SecretManagerServiceClient())
        client = clients[0]
        assert isinstance(client, SecretManagerServiceClient)  # noqa: S101  Narrowing.
        try:
            version = client.access_secret_version(name=reference, retry=None, timeout=2.0)
        except (GoogleAPICallError, RetryError) as error:
            raise SecretUnavailableError(type(error).__name__) from error
        return str(version.payload.data.decode())

    return read
