"""
What `collect` keeps of a visitor: his session, and the release of his purchase.

A known visitor's event needs neither, so what they are made of is loaded when one is first
wanted, or behind the first answer (`warming`).
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shared.wiring.late import OnceOnLoop
from shared.wiring.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.config import StoreSettings
    from shared.domain.aliases import Alias
    from shared.domain.purchases import Purchase
    from shared.domain.sessions import Session
    from shared.usecases import ports

# ruff: noqa: PLC0415  Imports stand inside on purpose; see above.


class VisitorPorts(NamedTuple):
    sessions: "ports.SessionWriter"
    releases: "ports.Releases"


VisitorStore = OnceOnLoop[VisitorPorts]


def visitor_store(settings: "StoreSettings") -> VisitorStore:
    load = _sqlite if settings.sqlite_path is not None else _firestore
    return OnceOnLoop(undisturbed(lambda: load(settings)))


def _firestore(settings: "StoreSettings") -> "Callable[[], VisitorPorts]":
    from google.cloud.firestore import AsyncClient

    from shared.adapters.firestore_releases import FirestoreReleases
    from shared.adapters.firestore_session_writer import FirestoreSessionWriter

    client = cache(lambda: AsyncClient(project=settings.project, database=settings.database))
    return lambda: VisitorPorts(FirestoreSessionWriter(client), FirestoreReleases(client))


def _sqlite(settings: "StoreSettings") -> "Callable[[], VisitorPorts]":
    from shared.adapters.sqlite_ledger import SqliteReleases
    from shared.adapters.sqlite_sessions import SqliteSessionWriter
    from shared.adapters.sqlite_store import SqliteStore

    store = SqliteStore(Path(settings.sqlite_path or ""))
    return lambda: VisitorPorts(SqliteSessionWriter(store), SqliteReleases(store))


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


class LateReleases:
    """Port: Releases."""

    def __init__(self, store: VisitorStore) -> None:
        self._store = store

    async def of_session(self, session_id: str) -> "Sequence[ports.Entry]":
        return await (await self._store()).releases.of_session(session_id)

    async def checkout(self, checkout_session_id: str) -> "Alias | None":
        return await (await self._store()).releases.checkout(checkout_session_id)

    async def replace(self, entry: "ports.Entry", purchase: "Purchase") -> bool:
        return await (await self._store()).releases.replace(entry, purchase)
