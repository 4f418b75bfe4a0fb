"""Rejected events in Firestore, for a person to look at."""

from google.cloud.firestore import Client

from shared.adapters.documents import to_document
from shared.adapters.firestore_calls import CALL_LASTS_AT_MOST, RETRY, store_errors
from shared.usecases.ports import DeadLetter

DEAD_LETTERS = "dead_letters"


class FirestoreDeadLetters:
    """Port: DeadLetters."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def keep(self, letter: DeadLetter) -> None:
        reference = self._client.collection(DEAD_LETTERS).document(letter.key)
        with store_errors():
            reference.set(to_document(letter), retry=RETRY, timeout=CALL_LASTS_AT_MOST)
