"""Stripe's lists as the repair walks them: windows of creation time, newest first."""

from typing import Final

from shared.adapters.stripe_api import StripeApi, objects_of, path_of
from shared.domain.readings import JsonObject
from shared.domain.reconciling import EVENT_TYPES, Cursor, Listed, Page
from shared.usecases.ports.errors import StripeUnavailableError

_SESSIONS: Final = "/v1/checkout/sessions"
# Stripe gives up to 100; half of that answers in good time with charges expanded.
_MOST: Final = 50
_PATHS: Final = {
    Listed.EVENTS: "/v1/events",
    Listed.CHECKOUT_SESSIONS: _SESSIONS,
    Listed.INVOICES: "/v1/invoices",
    Listed.PAYMENT_INTENTS: "/v1/payment_intents",
}
_FILTERS: Final[dict[Listed, dict[str, object]]] = {
    # Also the delivered ones: a webhook may be lost behind a 2xx, and what came about while the
    # endpoint was disabled counts as delivered.
    Listed.EVENTS: {"types": EVENT_TYPES},
    Listed.CHECKOUT_SESSIONS: {
        "status": "complete",
        "expand": ["data.payment_intent.latest_charge"],
    },
    Listed.INVOICES: {"status": "paid"},
    Listed.PAYMENT_INTENTS: {"expand": ["data.latest_charge"]},
}


class StripeApiLists:
    """Port: StripeLists. The unsettled sessions are no list of Stripe's, and read one by one."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api

    def page(self, listed: Listed, cursor: Cursor) -> Page | None:
        created = {"gte": int(cursor.since.timestamp()), "lte": int(cursor.until.timestamp())}
        asked: dict[str, object] = {**_FILTERS[listed], "created": created, "limit": _MOST}
        if cursor.after is not None:
            asked["starting_after"] = cursor.after
        page = self._api.get(_PATHS[listed], asked)
        if page is None and cursor.after is None:
            # The list itself is unknown: that is no Stripe at all.
            raise StripeUnavailableError("no_such_list")
        if page is None:
            return None
        return Page(tuple(objects_of(page)), has_more=page.get("has_more") is True)

    def checkout_session(self, checkout_session_id: str) -> JsonObject | None:
        path = path_of(_SESSIONS, checkout_session_id)
        return self._api.get(path, {"expand": ["payment_intent"]})
