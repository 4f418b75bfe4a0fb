"""
What `collect` keeps of a visitor: his session, and the release of his purchase.

A known visitor's event needs neither, so what they are made of is loaded when one is first
wanted, or behind the first answer (`warming`).
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shared.wiring.late import LoadedAside
from shared.wiring.undisturbed import undisturbed

if TYPE_CHECKING:
    from datetime import datetime

    from shared.config import StoreSettings
    from shared.domain.releases import ReleaseAnswer
    from shared.domain.sessions import Session
    from shared.usecases.ports.ledger import Releases
    from shared.usecases.ports.sessions import SessionWriter
    from shared.usecases.release_purchase import ReleasePurchase

# ruff: noqa: PLC0415  Imports stand inside on purpose; see above.


class VisitorParts(NamedTuple):
    sessions: "SessionWriter"
    release: "ReleasePurchase"


VisitorStore = LoadedAside[VisitorParts]


def visitor_store(settings: "StoreSettings") -> VisitorStore:
    def load() -> VisitorParts:
        from shared.usecases.release_purchase import ReleasePurchase

        sessions, releases = (_sqlite if settings.sqlite_path else _firestore)(settings)
        return VisitorParts(sessions, ReleasePurchase(releases, sessions))

    return LoadedAside(undisturbed(load))


def _firestore(settings: "StoreSettings") -> "tuple[SessionWriter, Releases]":
    from google.cloud.firestore import AsyncClient

    from shared.adapters.firestore_releases import FirestoreReleases
    from shared.adapters.firestore_session_writer import FirestoreSessionWriter

    # Made by the adapters' first call, on the loop that its channel belongs to.
    client = cache(lambda: AsyncClient(project=settings.project, database=settings.database))
    return FirestoreSessionWriter(client), FirestoreReleases(client)


def _sqlite(settings: "StoreSettings") -> "tuple[SessionWriter, Releases]":
    from shared.adapters.sqlite_ledger import SqliteReleases
    from shared.adapters.sqlite_sessions import SqliteSessionWriter
    from shared.adapters.sqlite_store import SqliteStore

    store = SqliteStore(Path(settings.sqlite_path or ""))
    return SqliteSessionWriter(store), SqliteReleases(store)


class LateSessionWriter:
    """Port: SessionWriter."""

    def __init__(self, store: VisitorStore) -> None:
        self._store = store

    async def find(self, session_id: str) -> "Session | None":
        return await (await self._store()).sessions.find(session_id)

    async def open(self, session: "Session") -> None:
        await (await self._store()).sessions.open(session)

    async def touch(self, session_id: str, changes: dict[str, object]) -> bool:
        return await (await self._store()).sessions.touch(session_id, changes)

    async def replace(self, session: "Session") -> None:
        await (await self._store()).sessions.replace(session)


class LateRelease:
    """Use case: ReleasePurchase."""

    def __init__(self, store: VisitorStore) -> None:
        self._store = store

    async def __call__(
        self, session_id: str | None, *, checkout_session_id: str | None, now: "datetime"
    ) -> "ReleaseAnswer":
        release = (await self._store()).release
        return await release(session_id, checkout_session_id=checkout_session_id, now=now)
