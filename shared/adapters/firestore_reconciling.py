"""What the repair asks of Firestore: how far it is, and what the ledger knows already."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from google.cloud.firestore import Client
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore_calls import CALL_LASTS_AT_MOST, RETRY, store_errors
from shared.adapters.firestore_ledger import ALIASES, RECEIPTS
from shared.domain.reconciling import UNSETTLED_FOR

CURSORS = "cursors"
_LIMITS: dict[str, Any] = {"retry": RETRY, "timeout": CALL_LASTS_AT_MOST}
_MOST = 1_000


class FirestoreCursors:
    """Port: Cursors."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def load(self, name: str) -> Mapping[str, object] | None:
        with store_errors():
            stored = self._client.collection(CURSORS).document(name).get(**_LIMITS)
            return stored.to_dict()

    def save(self, name: str, cursor: Mapping[str, object]) -> None:
        with store_errors():
            self._client.collection(CURSORS).document(name).set(dict(cursor), **_LIMITS)


class FirestoreKnown:
    """Port: Known."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock

    def recorded(self, stripe_event_ids: Sequence[str]) -> Collection[str]:
        receipts = self._client.collection(RECEIPTS)
        with store_errors():
            found = self._client.get_all(
                [receipts.document(each) for each in stripe_event_ids], **_LIMITS
            )
            return {snapshot.id for snapshot in found if snapshot.exists}

    def unsettled(self) -> Sequence[str]:
        since = self._clock() - UNSETTLED_FOR
        query = (
            self._client.collection(ALIASES)
            .where(filter=FieldFilter("unpaid_at", ">=", since))
            .limit(_MOST)
        )
        with store_errors():
            found = [(each.id, each.to_dict() or {}) for each in query.stream(**_LIMITS)]
        return [stripe_id for stripe_id, alias in found if not alias.get("ended")]
