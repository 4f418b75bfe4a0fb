"""What settled in a span of time, from Firestore. Needs `settled_at`'s single-field index."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from google.cloud.firestore import Client
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore_calls import RETRY, store_errors
from shared.adapters.firestore_ledger import PURCHASES, as_entry
from shared.domain.purchases import Purchase

# Seconds for one page. An operator waits for a whole month; nobody's webhook does.
_PAGE_LASTS_AT_MOST = 10.0
_RETRY = RETRY.with_timeout(5.0)
_PURCHASES_A_PAGE = 300
# Never fetched, so that the person of a sale does not travel to the operator's machine.
_LEFT_OUT = frozenset({"visit", "customer", "relay_at"})
_FETCHED = [field.name for field in fields(Purchase) if field.name not in _LEFT_OUT]


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
            .select(_FETCHED)
            .limit(self._purchases_a_page)
        )
        page = _page(query)
        while page:
            yield from (as_entry(snapshot).purchase for snapshot in page)
            full = len(page) == self._purchases_a_page
            page = _page(query.start_after(page[-1])) if full else []


def _page(query: Any) -> list[Any]:
    with store_errors():
        return list(query.stream(retry=_RETRY, timeout=_PAGE_LASTS_AT_MOST))
