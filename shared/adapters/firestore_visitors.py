"""Sessions in Firestore as `collect` writes them, on the asynchronous client."""

from collections.abc import Callable
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud.firestore import AsyncClient

from shared.adapters.documents import to_document, to_field
from shared.adapters.firestore_calls import ASYNC_RETRY, CALL_LASTS_AT_MOST, store_errors
from shared.adapters.firestore_sessions import SESSIONS
from shared.domain.sessions import Session

_LIMITS: dict[str, Any] = {"retry": ASYNC_RETRY, "timeout": CALL_LASTS_AT_MOST}


class FirestoreVisitors:
    """Port: Visitors. The client is made on first use: it belongs to the running event loop."""

    def __init__(self, client: Callable[[], AsyncClient]) -> None:
        self._client = client

    async def open(self, session: Session) -> None:
        with store_errors():
            await self._document(session.session_id).set(to_document(session), **_LIMITS)

    async def touch(self, session_id: str, changes: dict[str, object]) -> bool:
        fields = {path: to_field(value) for path, value in changes.items()}
        return await self._update(session_id, fields)

    async def replace(self, session: Session) -> None:
        await self._update(session.session_id, to_document(session))

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
