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
        found = self._stored(session_ids)
        # A refusal ends its session in the same commit and nobody opens that one again, so who
        # finds the session need not ask for a refusal: one read less for nearly every event.
        missing = [refusal_of(each) for each in session_ids if each not in found]
        return found | self._stored(missing)

    def _stored(self, keys: Sequence[str]) -> dict[str, Session]:
        with store_errors():
            stored = self._documents.find_all([f"{SESSIONS}/{key}" for key in dict.fromkeys(keys)])
        found = [from_plain(Session, each.fields) for each in stored.values()]
        return {session.session_id: session for session in found}


def refusal_of(session_id: str) -> str:
    """
    Name the document of a refusal: beside the session, which is deleted.

    A request that was on its way when the visitor refused then finds no session to touch.
    """
    return f"{session_id}.withdrawn"
