"""Sessions in SQLite, read and written."""

from collections.abc import Sequence
from typing import Any

import msgspec

from shared.adapters.sqlite_store import (
    CREATE,
    DELETE,
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
            # A refusal outranks the session that it ended.
            for key in (session_id, _refusal_of(session_id))
            for body, _ in self._store.read(FIND, SESSIONS, key)
        }


class SqliteSessionWriter:
    """Port: SessionWriter. A local file answers at once, so nothing is awaited."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def find(self, session_id: str) -> Session | None:
        return SqliteSessions(self._store).find([session_id]).get(session_id)

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
            gone = connection.execute(DELETE, (SESSIONS, session.session_id))
            if gone.rowcount:
                key = _refusal_of(session.session_id)
                connection.execute(CREATE, (SESSIONS, key, write_json(session)))


def _refusal_of(session_id: str) -> str:
    return f"{session_id}.withdrawn"


def _put(document: dict[str, Any], path: list[str], value: object) -> None:
    """Set one field by its dotted path, as Firestore's update does."""
    *parents, name = path
    for parent in parents:
        document = document.setdefault(parent, {})
    document[name] = value
