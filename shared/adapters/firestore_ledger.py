"""The ledger in Firestore: purchases, receipts and aliases, written together or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import Client, DocumentReference, WriteBatch
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.documents import from_document, to_document, to_known_fields
from shared.adapters.firestore_calls import CALL_LASTS_AT_MOST, RETRY, store_errors
from shared.domain.aliases import Alias
from shared.domain.purchases import Purchase
from shared.usecases.ports.ledger import Entry, Receipt, Recorded

PURCHASES = "purchases"
RECEIPTS = "receipts"
ALIASES = "aliases"


class FirestoreLedger:
    """Port: Ledger. `create` and update-time preconditions; no transaction, so no locks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def record(
        self, receipt: Receipt, purchase: Purchase | None, aliases: Sequence[Alias]
    ) -> Recorded:
        with store_errors():
            try:
                self._commit(receipt, purchase, aliases)
            except AlreadyExists:
                return self._record_repeat(receipt, aliases)
            return Recorded.NOW

    def _record_repeat(self, receipt: Receipt, aliases: Sequence[Alias]) -> Recorded:
        """Something was there: the receipt, or the sale under another event's receipt."""
        known = self._receipt(receipt).get(retry=RETRY, timeout=CALL_LASTS_AT_MOST)
        if known.exists:
            return Recorded.BEFORE
        try:
            self._commit(receipt, None, aliases)
        except AlreadyExists:
            return Recorded.BEFORE
        return Recorded.SALE_KNOWN

    def _commit(
        self, receipt: Receipt, purchase: Purchase | None, aliases: Sequence[Alias]
    ) -> None:
        batch: WriteBatch = self._client.batch()
        batch.create(self._receipt(receipt), to_document(receipt))
        if purchase is not None:
            batch.create(self._purchase(purchase.sale_key), to_document(purchase))
        for alias in aliases:
            # Merged without its empty fields: a later event may know less than an earlier one.
            batch.set(self._alias(alias.stripe_id), to_known_fields(alias), merge=True)
        batch.commit(retry=RETRY, timeout=CALL_LASTS_AT_MOST)

    def add(self, purchase: Purchase) -> bool:
        with store_errors():
            try:
                self._purchase(purchase.sale_key).create(
                    to_document(purchase), retry=RETRY, timeout=CALL_LASTS_AT_MOST
                )
            except AlreadyExists:
                return False
            return True

    def aliases(self, stripe_ids: Sequence[str]) -> dict[str, Alias]:
        references = [self._alias(stripe_id) for stripe_id in dict.fromkeys(stripe_ids)]
        with store_errors():
            snapshots = self._client.get_all(references, retry=RETRY, timeout=CALL_LASTS_AT_MOST)
            return {
                snapshot.id: from_document(Alias, document)
                for snapshot in snapshots
                if (document := snapshot.to_dict()) is not None
            }

    def find(self, sale_key: str) -> Entry | None:
        with store_errors():
            snapshot = self._purchase(sale_key).get(retry=RETRY, timeout=CALL_LASTS_AT_MOST)
            return as_entry(snapshot) if snapshot.exists else None

    def replace(self, entry: Entry, purchase: Purchase) -> bool:
        unchanged = self._client.write_option(last_update_time=entry.version)
        with store_errors():
            try:
                self._purchase(purchase.sale_key).update(
                    to_document(purchase),
                    option=unchanged,
                    retry=RETRY,
                    timeout=CALL_LASTS_AT_MOST,
                )
            except (FailedPrecondition, NotFound):
                return False
            return True

    def due(self, now: datetime, *, limit: int) -> Sequence[Purchase]:
        return self._until("relay_at", now, limit)

    def owed(self, now: datetime, *, limit: int) -> Sequence[Purchase]:
        return self._until("owed_since", now, limit)

    def _until(self, field: str, now: datetime, limit: int) -> Sequence[Purchase]:
        """Query by one instant; what has none there is of another type and never found."""
        query = (
            self._client.collection(PURCHASES)
            .where(filter=FieldFilter(field, "<=", now))
            .order_by(field)
            .limit(limit)
        )
        with store_errors():
            found = query.stream(retry=RETRY, timeout=_QUERY_LASTS_AT_MOST)
            return [as_entry(snapshot).purchase for snapshot in found]

    def _receipt(self, receipt: Receipt) -> DocumentReference:
        return self._client.collection(RECEIPTS).document(receipt.stripe_event_id)

    def _alias(self, stripe_id: str) -> DocumentReference:
        return self._client.collection(ALIASES).document(stripe_id)

    def _purchase(self, sale_key: str) -> DocumentReference:
        return self._client.collection(PURCHASES).document(sale_key)


# Seconds; a query of many documents takes longer than a look-up of one.
_QUERY_LASTS_AT_MOST = 2.0


def as_entry(snapshot: Any) -> Entry:
    """Read a purchase with its update time, which a later write is compared with."""
    return Entry(from_document(Purchase, snapshot.to_dict() or {}), snapshot.update_time)
