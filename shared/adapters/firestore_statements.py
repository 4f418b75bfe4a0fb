"""What settled in a span of time, from Firestore. Needs `settled_at`'s single-field index."""

from collections.abc import Iterator
from datetime import datetime

from google.cloud.firestore import Client
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore_ledger import PURCHASES, as_entry
from shared.adapters.firestore_pages import NOT_PERSONAL, pages
from shared.domain.purchases import Purchase

_PURCHASES_A_PAGE = 300


class FirestoreSettledPurchases:
    """Port: SettledPurchases."""

    def __init__(self, client: Client, *, purchases_a_page: int = _PURCHASES_A_PAGE) -> None:
        self._client = client
        self._purchases_a_page = purchases_a_page

    def between(self, since: datetime, until: datetime) -> Iterator[Purchase]:
        query = (
            self._client.collection(PURCHASES)
            .where(filter=FieldFilter("settled_at", ">=", since))
            .where(filter=FieldFilter("settled_at", "<", until))
            .order_by("settled_at")
            .order_by("__name__")
            .select(NOT_PERSONAL)
        )
        for snapshot in pages(query, self._purchases_a_page):
            yield as_entry(snapshot).purchase
