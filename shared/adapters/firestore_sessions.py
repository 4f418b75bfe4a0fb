"""Sessions in Firestore, for the functions that only read them."""

from collections.abc import Sequence

from shared.adapters.documents import from_plain
from shared.adapters.firestore_calls import store_errors
from shared.adapters.firestore_documents import FirestoreDocuments
from shared.domain.sessions import Session

SESSIONS = "sessions"


class FirestoreSessions:
    """Port: Sessions."""

    def __init__(self, documents: FirestoreDocuments) -> None:
        self._documents = documents

    def find(self, session_ids: Sequence[str]) -> dict[str, Session]:
        keys = [key for each in session_ids for key in (each, refusal_of(each))]
        with store_errors():
            stored = self._documents.get(f"{SESSIONS}/{key}" for key in keys)
        # A refusal outranks the session that it ended; its path is the longer one.
        found = [from_plain(Session, stored[path].fields) for path in sorted(stored, key=len)]
        return {session.session_id: session for session in found}


def refusal_of(session_id: str) -> str:
    """
    Name the document of a refusal: beside the session, which is deleted.

    A request that was on its way when the visitor refused then finds no session to touch.
    """
    return f"{session_id}.withdrawn"
