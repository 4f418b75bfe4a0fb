"""The command's composition root: the store that the settings name, and the queues."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.cli.errors import AskedWronglyError
from shared.config import StoreSettings, TaskSettings
from shared.usecases.find_dead_letters import FindDeadLetters, KeptLetters, RejectedPurchases
from shared.usecases.ports.ledger import Ledger, SettledPurchases
from shared.usecases.ports.tasks import Tasks
from shared.wiring import parts

# ruff: noqa: PLC0415  Only the store that is asked for is imported: Firestore's takes a second.


@dataclass(frozen=True, slots=True)
class Store:
    """What the command asks of a deployment's store."""

    settled: SettledPurchases
    letters: KeptLetters
    rejected: RejectedPurchases
    ledger: Ledger

    @property
    def dead(self) -> FindDeadLetters:
        return FindDeadLetters(self.letters, self.rejected, self.ledger)


@contextmanager
def store_of(environment: Mapping[str, str]) -> Iterator[Store]:
    settings = StoreSettings.from_env(environment)
    if settings.sqlite_path is not None:
        with _sqlite(Path(settings.sqlite_path)) as store:
            yield store
        return
    from shared.adapters.firestore_dead_letters import (
        FirestoreDeadLetters,
        FirestoreRejectedPurchases,
    )
    from shared.adapters.firestore_documents import connected
    from shared.adapters.firestore_ledger import FirestoreLedger
    from shared.adapters.firestore_statements import FirestoreSettledPurchases

    client, documents = connected(settings.project, settings.database, settings.emulator)
    yield Store(
        FirestoreSettledPurchases(client),
        FirestoreDeadLetters(client),
        FirestoreRejectedPurchases(client),
        FirestoreLedger(client, documents),
    )


@contextmanager
def _sqlite(path: Path) -> Iterator[Store]:
    from shared.adapters.sqlite_dead_letters import SqliteDeadLetters, SqliteRejectedPurchases
    from shared.adapters.sqlite_ledger import SqliteLedger
    from shared.adapters.sqlite_statements import SqliteSettledPurchases
    from shared.adapters.sqlite_store import SqliteStore

    if not path.is_file():
        # SQLite would make an empty one, and the statement would say that nothing was sold.
        raise AskedWronglyError(
            f"STORE names no file: {path}; mistyped, or nothing has come in there yet"
        )
    store = SqliteStore(path)
    try:
        yield Store(
            SqliteSettledPurchases(store),
            SqliteDeadLetters(store),
            SqliteRejectedPurchases(store),
            SqliteLedger(store),
        )
    finally:
        store.close()


def tasks_of(environment: Mapping[str, str]) -> Tasks:
    """Give the queues that `collect` and `stripe_webhook` use."""
    settings = TaskSettings.from_env(environment)
    if settings.endpoint is None and settings.service_account is None:
        # Only a laptop's dispatch answers everybody; the task would be refused until it is lost.
        raise AskedWronglyError(
            "TASKS_SERVICE_ACCOUNT is missing; write the account that may call dispatch"
        )
    from shared.adapters.cloud_tasks import CloudTasks

    return CloudTasks(parts.tasks_client(settings), parts.queues(settings))
