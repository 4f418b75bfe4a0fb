"""The command's composition root: the ledger that the settings name, to be read only."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.cli.errors import AskedWronglyError
from shared.config import StoreSettings
from shared.usecases.ports import SettledPurchases

# ruff: noqa: PLC0415  Only the store that is asked for is imported: Firestore's takes a second.


@contextmanager
def settled_purchases(environment: Mapping[str, str]) -> Iterator[SettledPurchases]:
    settings = StoreSettings.from_env(environment)
    if settings.sqlite_path is not None:
        with _sqlite(Path(settings.sqlite_path)) as purchases:
            yield purchases
        return
    from google.cloud.firestore import Client

    from shared.adapters.firestore_statements import FirestoreSettledPurchases

    yield FirestoreSettledPurchases(Client(project=settings.project, database=settings.database))


@contextmanager
def _sqlite(path: Path) -> Iterator[SettledPurchases]:
    from shared.adapters.sqlite_statements import SqliteSettledPurchases
    from shared.adapters.sqlite_store import SqliteStore

    if not path.is_file():
        # SQLite would make an empty one, and the statement would say that nothing was sold.
        raise AskedWronglyError(f"STORE names no file: {path}")
    store = SqliteStore(path)
    try:
        yield SqliteSettledPurchases(store)
    finally:
        store.close()
