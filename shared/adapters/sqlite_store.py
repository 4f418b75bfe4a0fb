"""
One SQLite file as the store: the same ports on a machine with nothing but Python.

It is for laptops. Every function's process opens the file; SQLite's own locks keep writes
apart, and a version number on each document takes the place of Firestore's update time.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from shared.usecases.ports.errors import StoreUnavailableError

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    session_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.session_id')) VIRTUAL,
    relay_at TEXT GENERATED ALWAYS AS (json_extract(body, '$.relay_at')) VIRTUAL,
    PRIMARY KEY (collection, key)
);
CREATE INDEX IF NOT EXISTS by_session ON documents (collection, session_id);
CREATE INDEX IF NOT EXISTS by_relay ON documents (collection, relay_at);
CREATE INDEX IF NOT EXISTS by_debt ON documents (collection, json_extract(body, '$.owed_since'));
"""
_WAIT_FOR_A_LOCK = 1.5


class SqliteStore:
    """Documents by collection and key. One connection a thread: SQLite wants no sharing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run statements that are stored together or not at all."""
        try:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise StoreUnavailableError(type(error).__name__) from error

    def read(self, statement: str, *values: object) -> list[tuple[str, int]]:
        """Return (body, version) rows."""
        try:
            return self._connection().execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            # An operator names the file by hand, and it may be anything.
            raise StoreUnavailableError(str(error)) from error

    def close(self) -> None:
        """Close every thread's connection; nothing may be running."""
        while self._opened:
            self._opened.pop().close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path,
                timeout=_WAIT_FOR_A_LOCK,
                isolation_level=None,
                check_same_thread=False,  # Only so that close() may be called from outside.
            )
            self._opened.append(connection)
            _set_up(connection)
            self._own.connection = connection
        return connection


def _set_up(connection: sqlite3.Connection) -> None:
    """
    Prepare a new connection, and the file if it is new.

    Switching the journal does not wait for a lock as everything else does, and four functions
    may open a new file at once; so it is tried for as long as a lock is waited for.
    """
    until = time.monotonic() + _WAIT_FOR_A_LOCK
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def write_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def read_json(kind: type[T], body: str) -> T:
    return msgspec.json.decode(body, type=kind)


DELETE = "DELETE FROM documents WHERE collection = ? AND key = ?"
FIND = "SELECT body, version FROM documents WHERE collection = ? AND key = ?"
CREATE = "INSERT INTO documents (collection, key, body) VALUES (?, ?, ?)"
PUT = (
    "INSERT INTO documents (collection, key, body) VALUES (?, ?, ?)"
    " ON CONFLICT (collection, key) DO UPDATE SET"
    " body = json_patch(documents.body, excluded.body), version = version + 1"
)
REPLACE = (
    "UPDATE documents SET body = ?, version = version + 1"
    " WHERE collection = ? AND key = ? AND version = ?"
)
REPLACE_ANY = (
    "UPDATE documents SET body = ?, version = version + 1 WHERE collection = ? AND key = ?"
)
