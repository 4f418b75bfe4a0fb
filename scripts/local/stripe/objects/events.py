"""Events, and the endpoints that are told of them."""

from typing import Any

from scripts.local.stripe.objects.plain import API_VERSION, JsonObject, overlay


def event(event_id: str, created: int, kind: str, subject: JsonObject, **over: Any) -> JsonObject:
    """Tell of one change; `subject` is the object as it is after it."""
    base: JsonObject = {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": {"object": subject},
        "livemode": bool(subject.get("livemode", False)),
        "pending_webhooks": 0,
        # Stripe itself made the change: the buyer paid on its page.
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    return overlay(base, over)


def webhook_endpoint(endpoint_id: str, created: int, **over: Any) -> JsonObject:
    """Make an endpoint as a read shows it: its secret was told only at creation."""
    base: JsonObject = {
        "id": endpoint_id,
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": created,
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": None,
    }
    return overlay(base, over)
