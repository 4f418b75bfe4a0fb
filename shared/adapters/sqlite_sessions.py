"""Sessions in SQLite, read and written."""

from collections.abc import Sequence
from typing import Any

import msgspec

from shared.adapters.sqlite_store import (
    CREATE,
    FIND,
    REPLACE_ANY,
    SqliteStore,
    read_json,
    write_json,
)
from shared.domain.sessions import Session

SESSIONS = "sessions"


class SqliteSessions:
    """Port: Sessions."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def find(self, session_ids: Sequence[str]) -> dict[str, Session]:
        return {
            session_id: read_json(Session, body)
            for session_id in session_ids
            for body, _ in self._store.read(FIND, SESSIONS, session_id)
        }


class SqliteVisitors:
    """Port: Visitors. A local file answers at once, so nothing is awaited."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def open(self, session: Session) -> None:
        with self._store.transaction() as connection:
            connection.execute(CREATE, (SESSIONS, session.session_id, write_json(session)))

    async def touch(self, session_id: str, changes: dict[str, object]) -> bool:
        with self._store.transaction() as connection:
            row = connection.execute(FIND, (SESSIONS, session_id)).fetchone()
            if row is None:
                return False
            document = msgspec.json.decode(row[0])
            for path, value in changes.items():
                _put(document, path.split("."), msgspec.to_builtins(value))
            connection.execute(REPLACE_ANY, (write_json(document), SESSIONS, session_id))
            return True

    async def replace(self, session: Session) -> None:
        with self._store.transaction() as connection:
            connection.execute(REPLACE_ANY, (write_json(session), SESSIONS, session.session_id))


def _put(document: dict[str, Any], path: list[str], value: object) -> None:
    """Set one field by its dotted path, as Firestore's update does."""
    *parents, name = path
    for parent in parents:
        document = document.setdefault(parent, {})
    document[name] = value
