"""Thin events: a notification that names the changed object and tells nothing of it."""

from datetime import UTC, datetime

from scripts.local.stripe.objects import JsonObject

# Where each object that an Event may tell of is read.
_COLLECTIONS = {
    "charge": "charges",
    "checkout.session": "checkout/sessions",
    "customer": "customers",
    "dispute": "disputes",
    "invoice": "invoices",
    "invoice_payment": "invoice_payments",
    "payment_intent": "payment_intents",
    "refund": "refunds",
    "subscription": "subscriptions",
}


def thin(event: JsonObject) -> JsonObject:
    """Make the thin twin of a snapshot Event, as since 2026-09-30.endive; its id is its own."""
    subject = event["data"]["object"]
    kind = subject["object"]
    created = datetime.fromtimestamp(event["created"], UTC)
    return {
        "id": "evt_test_65" + event["id"].removeprefix("evt_"),
        "object": "v2.core.event",
        "type": f"v1.{event['type']}",
        "created": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "livemode": event["livemode"],
        "context": event.get("account"),
        "reason": None,
        "related_object": {
            "id": subject["id"],
            "type": kind,
            "url": f"/v1/{_COLLECTIONS[kind]}/{subject['id']}",
        },
    }
