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
        keys = [key for each in session_ids for key in (each, refusal_of(each))]
        with store_errors():
            snapshots = self._client.get_all(
                [stored.document(key) for key in keys], retry=RETRY, timeout=CALL_LASTS_AT_MOST
            )
            found = [
                (snapshot.id, from_document(Session, document))
                for snapshot in snapshots
                if (document := snapshot.to_dict()) is not None
            ]
        # A refusal outranks the session that it ended; its key is the longer one.
        return {session.session_id: session for _, session in sorted(found, key=_length_of_key)}


def refusal_of(session_id: str) -> str:
    """
    Name the document of a refusal: beside the session, which is deleted.

    A request that was on its way when the visitor refused then finds no session to touch.
    """
    return f"{session_id}.withdrawn"


def _length_of_key(found: tuple[str, Session]) -> int:
    return len(found[0])
