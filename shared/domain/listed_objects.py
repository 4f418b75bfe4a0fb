"""Listed objects: what one that was found in Stripe's lists would have said by its webhook."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from shared.domain.readings import JsonObject
from shared.domain.reconciling import Listed
from shared.domain.stripe_events import StripeEvent, parse_stripe_event
from shared.domain.stripe_json import instant, is_stripe_id, json_object, minor_or_zero, stripe_id


def event_of(
    listed: Listed, found: JsonObject, *, api_version: str, now: datetime
) -> StripeEvent | None:
    """
    Say of a listed object what its webhook would have said; None where it proves nothing.

    An event keeps its own id, so that its receipt stops it. Any other gets one of its object
    and its state, for a session may be found unpaid first and paid later.
    """
    match listed:
        case Listed.EVENTS:
            event = parse_stripe_event(found)
            return event if isinstance(event, StripeEvent) else None
        case Listed.CHECKOUT_SESSIONS:
            kind, says = "checkout.session.completed", found.get("payment_status")
            at = _charged_at(found.get("payment_intent"))
        case Listed.INVOICES:
            kind, says = "invoice.paid", found.get("status")
            at = instant(json_object(found.get("status_transitions")).get("paid_at"))
        case Listed.PAYMENT_INTENTS:
            kind, says = "payment_intent.succeeded", _received(found)
            at = _charged_at(found)
        case Listed.UNSETTLED:
            # When a delayed payment cleared is nowhere written but in its event.
            (kind, says), at = _ending(found), now
        case _:
            assert_never(listed)
    at = at or instant(found.get("created"))
    object_id = stripe_id(found)
    event_id = f"reconcile_{object_id}_{says}"
    if object_id is None or says is None or at is None or not is_stripe_id(event_id):
        return None
    return StripeEvent(
        id=event_id,
        type=kind,
        created_at=at,
        livemode=found.get("livemode") is True,
        api_version=api_version,
        account=None,
        object=_collapsed(found),
    )


def _received(intent: JsonObject) -> str | None:
    is_money = minor_or_zero(intent.get("amount_received")) > 0
    return "succeeded" if is_money and intent.get("status") == "succeeded" else None


def _ending(session: JsonObject) -> tuple[str, str | None]:
    """
    Tell how a delayed payment ended, if it did.

    Once it failed, its PaymentIntent asks for another method; a bank transfer that is still
    awaited has `requires_action`, a debit under way `processing`.
    """
    if session.get("status") == "complete" and session.get("payment_status") == "paid":
        return "checkout.session.async_payment_succeeded", "paid"
    intent = json_object(session.get("payment_intent"))
    failed = intent.get("status") in ("requires_payment_method", "canceled")
    return "checkout.session.async_payment_failed", "failed" if failed else None


def _charged_at(intent: object) -> datetime | None:
    """Read the time of an expanded PaymentIntent's charge: that is when the money settled."""
    return instant(json_object(json_object(intent).get("latest_charge")).get("created"))


def _collapsed(found: JsonObject) -> JsonObject:
    """Put ids back where the list was asked for whole objects, as a webhook has them."""
    expanded = {
        name: stripe_id(found.get(name))
        for name in ("payment_intent", "latest_charge")
        if isinstance(found.get(name), Mapping)
    }
    return {**found, **expanded}
