"""Each port in its three forms: in memory, on SQLite, on the real Firestore emulator."""

from dataclasses import dataclass

import pytest

from shared.usecases import find_dead_letters
from shared.usecases.ports.destinations import DeadLetters, Destinations
from shared.usecases.ports.ledger import Ledger, Releases, SettledPurchases
from shared.usecases.ports.sessions import Sessions, SessionWriter
from tests.fakes import (
    FakeDeadLetters,
    FakeDestinations,
    FakeLedger,
    FakeRejectedPurchases,
    FakeReleases,
    FakeSessions,
    FakeSessionWriter,
    FakeSettledPurchases,
)

STORES = ["fake", "sqlite", pytest.param("firestore", marks=pytest.mark.emulator)]


@dataclass
class Stores:
    """One store behind all its ports."""

    sessions: Sessions
    session_writer: SessionWriter
    ledger: Ledger
    releases: Releases
    dead_letters: DeadLetters
    settled_purchases: SettledPurchases
    destinations: Destinations
    kept_letters: find_dead_letters.KeptLetters
    rejected_purchases: find_dead_letters.RejectedPurchases


@pytest.fixture(params=STORES)
def stores(request, tmp_path):
    return request.getfixturevalue(f"{request.param}_stores")


@pytest.fixture
def fake_stores():
    sessions, ledger, letters = FakeSessions(), FakeLedger(), FakeDeadLetters()
    return Stores(
        sessions,
        FakeSessionWriter(sessions),
        ledger,
        FakeReleases(ledger),
        letters,
        FakeSettledPurchases(ledger),
        FakeDestinations(),
        letters,
        FakeRejectedPurchases(ledger),
    )


@pytest.fixture
def sqlite_stores(tmp_path):
    from shared.adapters.sqlite_dead_letters import SqliteDeadLetters, SqliteRejectedPurchases
    from shared.adapters.sqlite_destinations import SqliteDestinations
    from shared.adapters.sqlite_ledger import SqliteLedger, SqliteReleases
    from shared.adapters.sqlite_sessions import SqliteSessions, SqliteSessionWriter
    from shared.adapters.sqlite_statements import SqliteSettledPurchases
    from shared.adapters.sqlite_store import SqliteStore

    store = SqliteStore(tmp_path / "settled.sqlite")
    yield Stores(
        SqliteSessions(store),
        SqliteSessionWriter(store),
        SqliteLedger(store),
        SqliteReleases(store),
        SqliteDeadLetters(store),
        SqliteSettledPurchases(store),
        SqliteDestinations(store),
        SqliteDeadLetters(store),
        SqliteRejectedPurchases(store),
    )
    store.close()


@pytest.fixture
async def firestore_stores(firestore_emulator, project_id, monkeypatch):
    from google.cloud.firestore import AsyncClient

    from shared.adapters.firestore_dead_letters import (
        FirestoreDeadLetters,
        FirestoreRejectedPurchases,
    )
    from shared.adapters.firestore_destinations import FirestoreDestinations
    from shared.adapters.firestore_documents import connected
    from shared.adapters.firestore_ledger import FirestoreLedger
    from shared.adapters.firestore_releases import FirestoreReleases
    from shared.adapters.firestore_session_writer import FirestoreSessionWriter
    from shared.adapters.firestore_sessions import FirestoreSessions
    from shared.adapters.firestore_statements import FirestoreSettledPurchases

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    client, documents = connected(project_id, "(default)", firestore_emulator)
    async_client = AsyncClient(project=project_id)
    yield Stores(
        FirestoreSessions(documents),
        FirestoreSessionWriter(lambda: async_client),
        FirestoreLedger(client, documents),
        FirestoreReleases(lambda: async_client),
        FirestoreDeadLetters(client),
        # Two a page, so that a handful of purchases turns pages.
        FirestoreSettledPurchases(client, purchases_a_page=2),
        FirestoreDestinations(documents),
        FirestoreDeadLetters(client, letters_a_page=2),
        FirestoreRejectedPurchases(client, purchases_a_page=2),
    )
    client.close()
    documents.close()
    async_client.close()
