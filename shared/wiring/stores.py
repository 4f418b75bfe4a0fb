"""
The stores' ports for the synchronous functions; each imports its adapter when it is asked for.

The client's library is loaded with the store, at the start; the client itself is made in the
process that serves (gunicorn imports a function before it forks).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from shared.wiring.late import Once
from shared.wiring.parts import now

if TYPE_CHECKING:
    from shared.config import StoreSettings
    from shared.usecases.ports.destinations import DeadLetters, Destinations
    from shared.usecases.ports.ledger import Ledger, SettledPurchases
    from shared.usecases.ports.sessions import Sessions
    from shared.usecases.reconcile_stripe import Cursors, Known

# ruff: noqa: PLC0415  A port that nobody asks for is not imported.


class Stores(Protocol):
    """What the synchronous functions keep, and where."""

    def sessions(self) -> "Sessions": ...
    def ledger(self) -> "Ledger": ...
    def dead_letters(self) -> "DeadLetters": ...
    def destinations(self) -> "Destinations": ...
    def known(self) -> "Known": ...
    def cursors(self) -> "Cursors": ...
    def settled_purchases(self) -> "SettledPurchases": ...


def stores(settings: "StoreSettings") -> Stores:
    if settings.sqlite_path is not None:
        return SqliteStores(settings.sqlite_path)
    return FirestoreStores(settings)


class FirestoreStores:
    def __init__(self, settings: "StoreSettings") -> None:
        from shared.adapters.firestore_documents import connected

        self._connected = Once(
            lambda: connected(settings.project, settings.database, settings.emulator)
        )

    def sessions(self) -> "Sessions":
        from shared.adapters.firestore_sessions import FirestoreSessions

        return FirestoreSessions(self._connected()[1])

    def ledger(self) -> "Ledger":
        from shared.adapters.firestore_ledger import FirestoreLedger

        return FirestoreLedger(*self._connected())

    def dead_letters(self) -> "DeadLetters":
        from shared.adapters.firestore_dead_letters import FirestoreDeadLetters

        return FirestoreDeadLetters(self._connected()[0])

    def destinations(self) -> "Destinations":
        from shared.adapters.firestore_destinations import FirestoreDestinations

        return FirestoreDestinations(self._connected()[1])

    def known(self) -> "Known":
        from shared.adapters.firestore_reconciling import FirestoreKnown

        return FirestoreKnown(self._connected()[0], now)

    def cursors(self) -> "Cursors":
        from shared.adapters.firestore_reconciling import FirestoreCursors

        return FirestoreCursors(self._connected()[0])

    def settled_purchases(self) -> "SettledPurchases":
        from shared.adapters.firestore_statements import FirestoreSettledPurchases

        return FirestoreSettledPurchases(self._connected()[0])


class SqliteStores:
    def __init__(self, path: str) -> None:
        from shared.adapters.sqlite_store import SqliteStore

        self._store = Once(lambda: SqliteStore(Path(path)))

    def sessions(self) -> "Sessions":
        from shared.adapters.sqlite_sessions import SqliteSessions

        return SqliteSessions(self._store())

    def ledger(self) -> "Ledger":
        from shared.adapters.sqlite_ledger import SqliteLedger

        return SqliteLedger(self._store())

    def dead_letters(self) -> "DeadLetters":
        from shared.adapters.sqlite_dead_letters import SqliteDeadLetters

        return SqliteDeadLetters(self._store())

    def destinations(self) -> "Destinations":
        from shared.adapters.sqlite_destinations import SqliteDestinations

        return SqliteDestinations(self._store())

    def known(self) -> "Known":
        from shared.adapters.sqlite_reconciling import SqliteKnown

        return SqliteKnown(self._store(), now)

    def cursors(self) -> "Cursors":
        from shared.adapters.sqlite_reconciling import SqliteCursors

        return SqliteCursors(self._store())

    def settled_purchases(self) -> "SettledPurchases":
        from shared.adapters.sqlite_statements import SqliteSettledPurchases

        return SqliteSettledPurchases(self._store())
