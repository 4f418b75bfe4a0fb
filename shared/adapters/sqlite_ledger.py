"""The ledger in SQLite: purchases, receipts and aliases, written together or not at all."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.adapters.documents import to_known_fields
from shared.adapters.sqlite_store import (
    CREATE,
    FIND,
    PUT,
    REPLACE,
    SqliteStore,
    read_json,
    write_json,
)
from shared.domain.aliases import Alias
from shared.domain.purchases import Purchase
from shared.usecases.ports.ledger import Entry, Receipt, Recorded

PURCHASES = "purchases"
RECEIPTS = "receipts"
ALIASES = "aliases"

_DUE = (
    "SELECT body, version FROM documents WHERE collection = ? AND relay_at <= ?"
    " ORDER BY relay_at LIMIT ?"
)
_OWED = (
    "SELECT body, version FROM documents WHERE collection = ?"
    " AND json_extract(body, '$.owed_since') <= ?"
    " ORDER BY json_extract(body, '$.owed_since') LIMIT ?"
)
_OF_SESSION = "SELECT body, version FROM documents WHERE collection = ? AND session_id = ?"


class SqliteLedger:
    """Port: Ledger."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def record(
        self, receipt: Receipt, purchase: Purchase | None, aliases: Sequence[Alias]
    ) -> Recorded:
        with self._store.transaction() as connection:
            if connection.execute(FIND, (RECEIPTS, receipt.stripe_event_id)).fetchone():
                return Recorded.BEFORE
            connection.execute(CREATE, (RECEIPTS, receipt.stripe_event_id, write_json(receipt)))
            for alias in aliases:
                known = write_json(to_known_fields(alias))
                connection.execute(PUT, (ALIASES, alias.stripe_id, known))
            return _create(connection, purchase)

    def add(self, purchase: Purchase) -> bool:
        with self._store.transaction() as connection:
            return _create(connection, purchase) is Recorded.NOW

    def aliases(self, stripe_ids: Sequence[str]) -> dict[str, Alias]:
        return {
            stripe_id: read_json(Alias, body)
            for stripe_id in dict.fromkeys(stripe_ids)
            for body, _ in self._store.read(FIND, ALIASES, stripe_id)
        }

    def find(self, sale_key: str) -> Entry | None:
        for body, version in self._store.read(FIND, PURCHASES, sale_key):
            return Entry(read_json(Purchase, body), version)
        return None

    def replace(self, entry: Entry, purchase: Purchase) -> bool:
        return _replace(self._store, entry, purchase)

    def due(self, now: datetime, *, limit: int) -> Sequence[Purchase]:
        return self._until(_DUE, now, limit)

    def owed(self, now: datetime, *, limit: int) -> Sequence[Purchase]:
        return self._until(_OWED, now, limit)

    def _until(self, statement: str, now: datetime, limit: int) -> Sequence[Purchase]:
        # Instants are compared as text: msgspec writes every one of them in UTC.
        rows = self._store.read(statement, PURCHASES, msgspec.to_builtins(now), limit)
        return [read_json(Purchase, body) for body, _ in rows]


class SqliteReleases:
    """Port: Releases. A local file answers at once, so nothing is awaited."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def of_session(self, session_id: str) -> Sequence[Entry]:
        rows = self._store.read(_OF_SESSION, PURCHASES, session_id)
        return [Entry(read_json(Purchase, body), version) for body, version in rows]

    async def checkout(self, checkout_session_id: str) -> Alias | None:
        found = SqliteLedger(self._store).aliases([checkout_session_id])
        return found.get(checkout_session_id)

    async def replace(self, entry: Entry, purchase: Purchase) -> bool:
        return _replace(self._store, entry, purchase)


def _create(connection: sqlite3.Connection, purchase: Purchase | None) -> Recorded:
    if purchase is None:
        return Recorded.NOW
    if connection.execute(FIND, (PURCHASES, purchase.sale_key)).fetchone():
        return Recorded.SALE_KNOWN
    connection.execute(CREATE, (PURCHASES, purchase.sale_key, write_json(purchase)))
    return Recorded.NOW


def _replace(store: SqliteStore, entry: Entry, purchase: Purchase) -> bool:
    with store.transaction() as connection:
        values = (write_json(purchase), PURCHASES, purchase.sale_key, entry.version)
        return connection.execute(REPLACE, values).rowcount == 1
