"""What the repair asks of SQLite: how far it is, and what the ledger knows already."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from shared.adapters.sqlite_ledger import ALIASES, RECEIPTS
from shared.adapters.sqlite_store import FIND, PUT, SqliteStore, read_json, write_json
from shared.domain.aliases import Alias
from shared.domain.reconciling import UNSETTLED_FOR

CURSORS = "cursors"
_UNPAID = (
    "SELECT body, version FROM documents WHERE collection = ?"
    " AND json_extract(body, '$.unpaid_at') >= ?"
)


class SqliteCursors:
    """Port: Cursors."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def load(self, name: str) -> Mapping[str, object] | None:
        for body, _ in self._store.read(FIND, CURSORS, name):
            return read_json(dict[str, object], body)
        return None

    def save(self, name: str, cursor: Mapping[str, object]) -> None:
        with self._store.transaction() as connection:
            connection.execute(PUT, (CURSORS, name, write_json(dict(cursor))))


class SqliteKnown:
    """Port: Known."""

    def __init__(self, store: SqliteStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def recorded(self, stripe_event_ids: Sequence[str]) -> Collection[str]:
        return {each for each in stripe_event_ids if self._store.read(FIND, RECEIPTS, each)}

    def unsettled(self) -> Sequence[str]:
        since = msgspec.to_builtins(self._clock() - UNSETTLED_FOR)
        rows = self._store.read(_UNPAID, ALIASES, since)
        aliases = [read_json(Alias, body) for body, _ in rows]
        return [alias.stripe_id for alias in aliases if not alias.ended]
