"""Firestore's answers page by page, for whoever waits for a whole month and not for one sale."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from shared.adapters.firestore_calls import RETRY, store_errors
from shared.domain.purchases import Purchase

# Seconds for one page. An operator waits for a whole month; nobody's webhook does.
_PAGE_LASTS_AT_MOST = 10.0
_RETRY = RETRY.with_timeout(5.0)
_PERSONAL: Final = frozenset({"visit", "customer", "relay_at"})
# What may be fetched of a purchase whose person must not travel to the operator's machine.
NOT_PERSONAL: Final = [field.name for field in fields(Purchase) if field.name not in _PERSONAL]


def pages(query: Any, page_size: int) -> Iterator[Any]:
    """Yield the snapshots of an ordered query, and raise StoreUnavailableError."""
    query = query.limit(page_size)
    page = _page(query)
    while page:
        yield from page
        page = _page(query.start_after(page[-1])) if len(page) == page_size else []


def _page(query: Any) -> list[Any]:
    with store_errors():
        return list(query.stream(retry=_RETRY, timeout=_PAGE_LASTS_AT_MOST))
