"""Checkout sessions and Payment Links: opened, followed, expired."""

import copy
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.checkout_params import (
    Draft,
    check_known,
    draft_of,
    line_items_of,
    session_fields,
)
from scripts.local.stripe.errors import ApiError, invalid, parameter_missing
from scripts.local.stripe.forms import Params, is_true, mapping, metadata
from scripts.local.stripe.ids import new_checkout_session_id, new_id
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.parameter_names import LINK_PARAMS, SESSION_PARAMS
from scripts.local.stripe.store import Store

# What a Payment Link takes from its URL; anything else is dropped without a word.
# https://docs.stripe.com/payment-links/url-parameters
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_UTM = re.compile(r"[A-Za-z0-9_-]{1,150}")
_UTM_NAMES = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_TO_THE_SESSION = (
    "consent_collection",
    "customer_creation",
    "line_items",
    "metadata",
    "payment_intent_data",
    "payment_method_types",
    "phone_number_collection",
    "shipping_options",
    "subscription_data",
)


class Checkout:
    def __init__(
        self, store: Store, address: Callable[[], str], clock: Clock, *, livemode: bool
    ) -> None:
        """`address` is where the hosted pages are served."""
        self._store = store
        self._address = address
        self._clock = clock
        self._livemode = livemode
        self._drafts: dict[str, Draft] = {}
        self._link_params: dict[str, Params] = {}

    def open(self, params: Params, *, payment_link: str | None = None) -> JsonObject:
        """Create a session; raise ApiError for what Stripe would refuse."""
        check_known(params, SESSION_PARAMS)
        if payment_link is None and not params.get("success_url"):
            raise parameter_missing("success_url")
        draft = draft_of(params)
        fields = session_fields(params, draft)
        session_id = new_checkout_session_id(livemode=self._livemode)
        with self._store.lock:
            self._drafts[session_id] = draft
            return self._store.put(
                objects.checkout_session(
                    session_id,
                    self._now(),
                    livemode=self._livemode,
                    payment_link=payment_link,
                    url=f"{self._address()}/c/pay/{session_id}",
                    **fields,
                )
            )

    def draft(self, session_id: str) -> Draft:
        self._store.get("checkout.session", session_id, "session")
        return self._drafts[session_id]

    def line_items(self, session_id: str) -> list[JsonObject]:
        return copy.deepcopy(self.draft(session_id).line_items)

    def expire(self, session_id: str) -> list[Change]:
        """Close an open session; raise ApiError where it is not open any more."""
        with self._store.lock:
            session = self._store.get("checkout.session", session_id, "session")
            if session["status"] != "open":
                raise invalid(f"This session is {session['status']}, not open.", "session")
            expired = self._store.change("checkout.session", session_id, status="expired", url=None)
        return [Change("checkout.session.expired", expired)]

    def make_link(self, params: Params) -> JsonObject:
        """Create a Payment Link; raise ApiError for what Stripe would refuse."""
        check_known(params, LINK_PARAMS)
        line_items = line_items_of(params)
        link_id = new_id("plink")
        with self._store.lock:
            self._link_params[link_id] = params
            return self._store.put(
                objects.payment_link(
                    link_id,
                    currency=line_items[0]["currency"],
                    livemode=self._livemode,
                    metadata=metadata(params.get("metadata")),
                    url=f"{self._address()}/b/{link_id}",
                    **_said_of_the_link(params),
                )
            )

    def follow(self, link_id: str, query: Mapping[str, str]) -> JsonObject:
        """Open the session of one visit to a Payment Link."""
        link = self._store.get("payment_link", link_id)
        if not link["active"]:
            raise ApiError("This payment link is no longer active.", status=404)
        asked = self._link_params[link_id]
        params = {name: asked[name] for name in _TO_THE_SESSION if name in asked}
        recurring = any(one["price"]["recurring"] for one in line_items_of(asked))
        params["mode"] = "subscription" if recurring else "payment"
        params["success_url"] = _with_utm(link, query)
        if _REFERENCE.fullmatch(query.get("client_reference_id", "")):
            params["client_reference_id"] = query["client_reference_id"]
        if query.get("prefilled_email"):
            params["customer_email"] = query["prefilled_email"]
        return self.open(params, payment_link=link_id)

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _said_of_the_link(params: Params) -> JsonObject:
    said: JsonObject = {}
    if "after_completion" in params:
        said["after_completion"] = mapping(params["after_completion"], "after_completion")
    phone = mapping(params.get("phone_number_collection"), "phone_number_collection")
    said["phone_number_collection"] = {"enabled": is_true(phone.get("enabled"))}
    return said


def _with_utm(link: JsonObject, query: Mapping[str, str]) -> str | None:
    """Carry the UTM parameters on; Stripe does so only where it redirects to the shop."""
    url: str | None = link["after_completion"].get("redirect", {}).get("url")
    utm = {n: query[n] for n in _UTM_NAMES if _UTM.fullmatch(query.get(n, ""))}
    if url is None or not utm:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(utm)}"
