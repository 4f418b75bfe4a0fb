"""Dead letters in SQLite: rejected events, and the purchases that stand rejected."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import msgspec

from shared.adapters.sqlite_ledger import PURCHASES
from shared.adapters.sqlite_store import (
    CREATE,
    FIND,
    REPLACE,
    REPLACE_ANY,
    SqliteStore,
    read_json,
    write_json,
)
from shared.domain.conversions import Destination
from shared.domain.dead_letters import DeadLetter, LetterState
from shared.domain.deliveries import State
from shared.domain.purchases import Purchase
from shared.usecases.find_dead_letters import LetterEntry

DEAD_LETTERS = "dead_letters"
# Without the Z, because ".5" sorts before it.
_AT = "rtrim(json_extract(body, '$.rejected_at'), 'Z')"
_BETWEEN = (
    f"SELECT body, version FROM documents WHERE collection = ? AND {_AT} >= ? AND {_AT} < ?"  # noqa: S608  No value of anybody's is in it.
    f" ORDER BY {_AT}, key"
)
_IN_STATE = (
    "SELECT body, version FROM documents WHERE collection = ?"
    " AND json_extract(body, '$.deliveries.' || ? || '.state') = ? ORDER BY key"
)


class SqliteDeadLetters:
    """Ports: DeadLetters, KeptLetters."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def keep(self, letter: DeadLetter) -> None:
        with self._store.transaction() as connection:
            row = connection.execute(FIND, (DEAD_LETTERS, letter.key)).fetchone()
            if row is None:
                connection.execute(CREATE, (DEAD_LETTERS, letter.key, write_json(letter)))
                return
            kept = replace(letter, acts=read_json(DeadLetter, row[0]).acts)
            connection.execute(REPLACE_ANY, (write_json(kept), DEAD_LETTERS, letter.key))

    def end(self, key: str, state: LetterState, *, now: datetime) -> None:
        with self._store.transaction() as connection:
            row = connection.execute(FIND, (DEAD_LETTERS, key)).fetchone()
            if row is not None:
                ended = replace(read_json(DeadLetter, row[0]), state=state, ended_at=now)
                connection.execute(REPLACE_ANY, (write_json(ended), DEAD_LETTERS, key))

    def find(self, key: str) -> LetterEntry | None:
        for body, version in self._store.read(FIND, DEAD_LETTERS, key):
            return LetterEntry(read_json(DeadLetter, body), version)
        return None

    def between(self, since: datetime, until: datetime) -> Iterator[DeadLetter]:
        rows = self._store.read(_BETWEEN, DEAD_LETTERS, _text(since), _text(until))
        for body, _ in rows:
            yield read_json(DeadLetter, body)

    def replace(self, entry: LetterEntry, letter: DeadLetter) -> bool:
        with self._store.transaction() as connection:
            values = (write_json(letter), DEAD_LETTERS, letter.key, entry.version)
            return connection.execute(REPLACE, values).rowcount == 1


class SqliteRejectedPurchases:
    """Port: RejectedPurchases. No index: a laptop's ledger is small."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def rejected_by(self, destination: Destination) -> Iterator[Purchase]:
        for body, _ in self._store.read(_IN_STATE, PURCHASES, destination, State.REJECTED):
            yield read_json(Purchase, body).without_personal()


def _text(at: datetime) -> str:
    written: str = msgspec.to_builtins(at)
    return written.removesuffix("Z")
