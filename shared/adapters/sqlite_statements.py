"""What settled in a span of time, from SQLite."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from shared.adapters.sqlite_ledger import PURCHASES
from shared.adapters.sqlite_store import SqliteStore, read_json
from shared.domain.purchases import Purchase

# Instants are compared as text, in UTC and without the Z: ".5" sorts before "Z", so with it half
# a second past midnight would belong to the day before.
_AT = "rtrim(json_extract(body, '$.settled_at'), 'Z')"
_BETWEEN = (
    f"SELECT body, version FROM documents WHERE collection = ? AND {_AT} >= ? AND {_AT} < ?"  # noqa: S608  No value of anybody's is in it.
    f" ORDER BY {_AT}, key"
)


class SqliteSettledPurchases:
    """Port: SettledPurchases. No index and no pages: a laptop's ledger is small."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def between(self, since: datetime, until: datetime) -> Iterator[Purchase]:
        for body, _ in self._store.read(_BETWEEN, PURCHASES, _text(since), _text(until)):
            yield read_json(Purchase, body).without_personal()


def _text(at: datetime) -> str:
    written: str = msgspec.to_builtins(at)
    return written.removesuffix("Z")
