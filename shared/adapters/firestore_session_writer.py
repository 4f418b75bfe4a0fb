"""Sessions in Firestore as `collect` writes them, on the asynchronous client."""

from collections.abc import Callable
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud.firestore import AsyncClient

from shared.adapters.documents import from_document, to_document, to_field
from shared.adapters.firestore_calls import ASYNC_RETRY, CALL_LASTS_AT_MOST, store_errors
from shared.adapters.firestore_sessions import SESSIONS, refusal_of
from shared.domain.sessions import Session

_LIMITS: dict[str, Any] = {"retry": ASYNC_RETRY, "timeout": CALL_LASTS_AT_MOST}


class FirestoreSessionWriter:
    """Port: SessionWriter. Its client is made on first use, on the running event loop."""

    def __init__(self, client: Callable[[], AsyncClient]) -> None:
        self._client = client

    async def find(self, session_id: str) -> Session | None:
        client = self._client()
        refusal = client.collection(SESSIONS).document(refusal_of(session_id))
        with store_errors():
            snapshots = client.get_all([self._document(session_id), refusal], **_LIMITS)
            found = {snapshot.id: snapshot.to_dict() async for snapshot in snapshots}
        # A refusal outranks the session that it ended.
        document = found.get(refusal_of(session_id)) or found.get(session_id)
        return from_document(Session, document) if document else None

    async def open(self, session: Session) -> None:
        with store_errors():
            await self._document(session.session_id).set(to_document(session), **_LIMITS)

    async def touch(self, session_id: str, changes: dict[str, object]) -> bool:
        fields = {path: to_field(value) for path, value in changes.items()}
        return await self._update(session_id, fields)

    async def replace(self, session: Session) -> None:
        client = self._client()
        stored = self._document(session.session_id)
        batch = client.batch()
        batch.delete(stored, option=client.write_option(exists=True))
        refusal = client.collection(SESSIONS).document(refusal_of(session.session_id))
        batch.set(refusal, to_document(session))
        with store_errors():
            try:
                await batch.commit(**_LIMITS)
            except NotFound:
                return

    async def _update(self, session_id: str, fields: dict[str, Any]) -> bool:
        """Write only what exists: a forged cookie must not create a session."""
        with store_errors():
            try:
                await self._document(session_id).update(fields, **_LIMITS)
            except NotFound:
                return False
            return True

    def _document(self, session_id: str) -> Any:
        return self._client().collection(SESSIONS).document(session_id)
