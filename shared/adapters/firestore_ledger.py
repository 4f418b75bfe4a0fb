"""The ledger in Firestore: purchases, receipts and aliases, written together or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import Client
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.documents import from_document, from_plain, to_document, to_known_fields
from shared.adapters.firestore_calls import RETRY, store_errors
from shared.adapters.firestore_documents import FirestoreDocuments
from shared.domain.aliases import Alias
from shared.domain.purchases import Purchase
from shared.usecases.ports.ledger import Entry, Receipt, Recorded

PURCHASES = "purchases"
RECEIPTS = "receipts"
ALIASES = "aliases"


class FirestoreLedger:
    """Port: Ledger. `create` and update-time preconditions; no transaction, so no locks."""

    def __init__(self, client: Client, documents: FirestoreDocuments) -> None:
        self._client = client
        self._documents = documents

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
        if self._documents.find(_receipt(receipt)) is not None:
            return Recorded.BEFORE
        try:
            self._commit(receipt, None, aliases)
        except AlreadyExists:
            return Recorded.BEFORE
        return Recorded.SALE_KNOWN

    def _commit(
        self, receipt: Receipt, purchase: Purchase | None, aliases: Sequence[Alias]
    ) -> None:
        writes = [self._documents.created(_receipt(receipt), to_document(receipt))]
        if purchase is not None:
            writes.append(self._created(purchase))
        # Merged without its empty fields: a later event may know less than an earlier one.
        writes += [
            self._documents.merged(_alias(alias.stripe_id), to_known_fields(alias))
            for alias in aliases
        ]
        self._documents.commit(writes)

    def add(self, purchase: Purchase) -> bool:
        with store_errors():
            try:
                self._documents.commit([self._created(purchase)])
            except AlreadyExists:
                return False
            return True

    def aliases(self, stripe_ids: Sequence[str]) -> dict[str, Alias]:
        paths = {_alias(stripe_id): stripe_id for stripe_id in stripe_ids}
        with store_errors():
            stored = self._documents.find_all(list(paths))
        return {paths[path]: from_plain(Alias, each.fields) for path, each in stored.items()}

    def find(self, sale_key: str) -> Entry | None:
        with store_errors():
            stored = self._documents.find(_purchase(sale_key))
        if stored is None:
            return None
        return Entry(from_plain(Purchase, stored.fields), stored.update_time)

    def replace(self, entry: Entry, purchase: Purchase) -> bool:
        path, document = _purchase(purchase.sale_key), to_document(purchase)
        write = self._documents.updated(path, document, unchanged_since=entry.version)
        with store_errors():
            try:
                self._documents.commit([write])
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

    def _created(self, purchase: Purchase) -> Any:
        return self._documents.created(_purchase(purchase.sale_key), to_document(purchase))


def _receipt(receipt: Receipt) -> str:
    return f"{RECEIPTS}/{receipt.stripe_event_id}"


def _alias(stripe_id: str) -> str:
    return f"{ALIASES}/{stripe_id}"


def _purchase(sale_key: str) -> str:
    return f"{PURCHASES}/{sale_key}"


# Seconds; a query of many documents takes longer than a look-up of one.
_QUERY_LASTS_AT_MOST = 2.0


def as_entry(snapshot: Any) -> Entry:
    """Read a purchase with its update time, which a later write is compared with."""
    return Entry(from_document(Purchase, snapshot.to_dict() or {}), snapshot.update_time)
