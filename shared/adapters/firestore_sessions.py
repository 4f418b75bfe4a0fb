"""Sessions in Firestore, for the functions that only read them."""

from collections.abc import Sequence

from google.cloud.firestore import Client

from shared.adapters.documents import from_document
from shared.adapters.firestore_calls import CALL_LASTS_AT_MOST, RETRY, store_errors
from shared.domain.sessions import Session

SESSIONS = "sessions"


class FirestoreSessions:
    """Port: Sessions."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, session_ids: Sequence[str]) -> dict[str, Session]:
        stored = self._client.collection(SESSIONS)
        with store_errors():
            snapshots = self._client.get_all(
                [stored.document(session_id) for session_id in session_ids],
                retry=RETRY,
                timeout=CALL_LASTS_AT_MOST,
            )
            return {
                snapshot.id: from_document(Session, document)
                for snapshot in snapshots
                if (document := snapshot.to_dict()) is not None
            }
