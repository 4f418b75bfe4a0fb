"""
Dead letters in Firestore: rejected events, and the purchases that stand rejected.

Queries need two single-field indexes, ascending, and no composite one:

    dead_letters.rejected_at           the letters of a span of time
    purchases.deliveries.meta.state    the purchases that stand rejected; one for each destination
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud.firestore import Client
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.documents import from_document, to_document, to_field
from shared.adapters.firestore_calls import CALL_LASTS_AT_MOST, RETRY, store_errors
from shared.adapters.firestore_ledger import PURCHASES, as_entry
from shared.adapters.firestore_pages import NOT_PERSONAL, pages
from shared.domain.conversions import Destination
from shared.domain.dead_letters import DeadLetter, LetterState
from shared.domain.deliveries import State
from shared.domain.purchases import Purchase
from shared.usecases.find_dead_letters import LetterEntry

DEAD_LETTERS = "dead_letters"
_LIMITS: dict[str, Any] = {"retry": RETRY, "timeout": CALL_LASTS_AT_MOST}
_A_PAGE = 300


class FirestoreDeadLetters:
    """Ports: DeadLetters, KeptLetters."""

    def __init__(self, client: Client, *, letters_a_page: int = _A_PAGE) -> None:
        self._client = client
        self._letters_a_page = letters_a_page

    def keep(self, letter: DeadLetter) -> None:
        document = to_document(letter)
        # Field by field, so that what persons did stays where a letter is refused again.
        del document["acts"]
        with store_errors():
            self._document(letter.key).set(document, merge=list(document), **_LIMITS)

    def end(self, key: str, state: LetterState, *, now: datetime) -> None:
        with store_errors():
            try:
                changes = {"state": to_field(state), "ended_at": now}
                self._document(key).update(changes, **_LIMITS)
            except NotFound:
                return

    def find(self, key: str) -> LetterEntry | None:
        with store_errors():
            snapshot = self._document(key).get(**_LIMITS)
            return _entry(snapshot) if snapshot.exists else None

    def between(self, since: datetime, until: datetime) -> Iterator[DeadLetter]:
        query = (
            self._client.collection(DEAD_LETTERS)
            .where(filter=FieldFilter("rejected_at", ">=", since))
            .where(filter=FieldFilter("rejected_at", "<", until))
            .order_by("rejected_at")
            .order_by("__name__")
        )
        for snapshot in pages(query, self._letters_a_page):
            yield _entry(snapshot).letter

    def replace(self, entry: LetterEntry, letter: DeadLetter) -> bool:
        unchanged = self._client.write_option(last_update_time=entry.version)
        with store_errors():
            try:
                document = to_document(letter)
                self._document(letter.key).update(document, option=unchanged, **_LIMITS)
            except (FailedPrecondition, NotFound):
                return False
            return True

    def _document(self, key: str) -> Any:
        return self._client.collection(DEAD_LETTERS).document(key)


class FirestoreRejectedPurchases:
    """Port: RejectedPurchases."""

    def __init__(self, client: Client, *, purchases_a_page: int = _A_PAGE) -> None:
        self._client = client
        self._purchases_a_page = purchases_a_page

    def rejected_by(self, destination: Destination) -> Iterator[Purchase]:
        rejected = FieldFilter(f"deliveries.{destination}.state", "==", State.REJECTED.value)
        query = (
            self._client.collection(PURCHASES)
            .where(filter=rejected)
            .order_by("__name__")
            .select(NOT_PERSONAL)
        )
        for snapshot in pages(query, self._purchases_a_page):
            yield as_entry(snapshot).purchase


def _entry(snapshot: Any) -> LetterEntry:
    """Read a letter with its update time, which a later write is compared with."""
    return LetterEntry(from_document(DeadLetter, snapshot.to_dict() or {}), snapshot.update_time)
