"""Checkout sessions and Payment Links: opened, followed, expired, recovered."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.checkout_params import (
    Draft,
    check_known,
    coupon_named,
    draft_of,
    session_fields,
)
from scripts.local.stripe.errors import ApiError, invalid, parameter_missing
from scripts.local.stripe.forms import Params, is_true, mapping, metadata
from scripts.local.stripe.ids import Ids, checkout_session_id
from scripts.local.stripe.line_items import line_items_of
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
    "invoice_creation",
    "line_items",
    "metadata",
    "payment_intent_data",
    "payment_method_types",
    "phone_number_collection",
    "shipping_options",
    "subscription_data",
)
# Stripe keeps the way back to an expired session open for 30 days.
_RECOVERY_SECONDS = 30 * 24 * 3600
# By these a shop would know the visitor; a copy need not have them.
_REFERENCES = frozenset({"client_reference_id", "metadata"})
_WITH_METADATA = frozenset({"payment_intent_data", "subscription_data"})


class Checkout:
    def __init__(
        self, store: Store, address: Callable[[], str], clock: Clock, ids: Ids, *, livemode: bool
    ) -> None:
        """`address` is where the hosted pages are served."""
        self._store = store
        self._address = address
        self._clock = clock
        self._ids = ids
        self._livemode = livemode
        self._drafts: dict[str, Draft] = {}
        self._asked: dict[str, Params] = {}
        self._link_params: dict[str, Params] = {}

    def open(
        self,
        params: Params,
        *,
        payment_link: str | None = None,
        recovered_from: str | None = None,
    ) -> JsonObject:
        """Create a session; raise ApiError for what Stripe would refuse."""
        check_known(params, SESSION_PARAMS)
        if payment_link is None and not params.get("success_url"):
            raise parameter_missing("success_url")
        draft = draft_of(params, self._ids, self._coupon(params))
        fields = session_fields(params, draft, self._ids)
        session_id = checkout_session_id(self._ids, livemode=self._livemode)
        with self._store.lock:
            self._drafts[session_id] = draft
            self._asked[session_id] = params
            return self._store.put(
                objects.checkout_session(
                    session_id,
                    self._now(),
                    livemode=self._livemode,
                    payment_link=payment_link,
                    recovered_from=recovered_from,
                    url=f"{self._address()}/c/pay/{session_id}",
                    **fields,
                )
            )

    def draft(self, session_id: str) -> Draft:
        self._store.get("checkout.session", session_id, "session")
        return self._drafts[session_id]

    def line_items(self, session_id: str) -> list[JsonObject]:
        return [objects.copied(one) for one in self.draft(session_id).line_items]

    def expire(self, session_id: str) -> list[Change]:
        """Close an open session; raise ApiError where it is not open any more."""
        with self._store.lock:
            session = self._store.get("checkout.session", session_id, "session")
            if session["status"] != "open":
                raise invalid(f"This session is {session['status']}, not open.", "session")
            over: JsonObject = {"status": "expired", "url": None}
            if "after_expiration" in session:
                over["after_expiration"] = {"recovery": self._way_back(session_id)}
            expired = self._store.change("checkout.session", session_id, **over)
        return [Change("checkout.session.expired", expired)]

    def recover(self, session_id: str, *, keeps_reference: bool = True) -> JsonObject:
        """
        Open a copy of an expired session, as its recovery URL does.

        Without its references only `recovered_from` leads to the visitor. Raise ApiError where
        the session may not be recovered.
        """
        with self._store.lock:
            session = self._store.get("checkout.session", session_id, "session")
            way_back = session.get("after_expiration", {}).get("recovery", {}).get("url")
            if session["status"] != "expired" or way_back is None:
                raise invalid("This session cannot be recovered.", "session")
            asked = self._asked[session_id]
            if not keeps_reference:
                asked = _without_references(asked)
            return self.open(asked, payment_link=session["payment_link"], recovered_from=session_id)

    def make_link(self, params: Params) -> JsonObject:
        """Create a Payment Link; raise ApiError for what Stripe would refuse."""
        check_known(params, LINK_PARAMS)
        line_items = line_items_of(params, self._ids)
        link_id = self._ids("plink")
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
        recurring = any(one["price"]["recurring"] for one in line_items_of(asked, self._ids))
        params["mode"] = "subscription" if recurring else "payment"
        params["success_url"] = _with_utm(link, query)
        if _REFERENCE.fullmatch(query.get("client_reference_id", "")):
            params["client_reference_id"] = query["client_reference_id"]
        if query.get("prefilled_email"):
            params["customer_email"] = query["prefilled_email"]
        return self.open(params, payment_link=link_id)

    def _coupon(self, params: Params) -> JsonObject | None:
        named = coupon_named(params)
        return None if named is None else self._store.get("coupon", named, "discounts[0][coupon]")

    def _way_back(self, session_id: str) -> JsonObject:
        return {
            "expires_at": self._now() + _RECOVERY_SECONDS,
            "url": f"{self._address()}/c/recover/{session_id}",
        }

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _without_references(params: Params) -> Params:
    kept: JsonObject = {k: v for k, v in params.items() if k not in _REFERENCES}
    for name in _WITH_METADATA & kept.keys():
        nested = mapping(kept[name], name)
        kept[name] = {k: v for k, v in nested.items() if k != "metadata"}
    return kept


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
