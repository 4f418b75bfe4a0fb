"""Money that goes back: refunds and disputes."""

from typing import Any

from scripts.local.stripe.objects.plain import JsonObject, overlay

# How long a shop may answer a dispute.
_ANSWER_SECONDS = 7 * 24 * 3600


def refund(refund_id: str, created: int, **over: Any) -> JsonObject:
    """Make a pending refund; it has no `livemode`, only its Event has."""
    base: JsonObject = {
        "id": refund_id,
        "object": "refund",
        "amount": 0,
        "balance_transaction": None,
        "charge": None,
        "created": created,
        "currency": None,
        "destination_details": {"type": "card", "card": {"type": "pending"}},
        "metadata": {},
        "payment_intent": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }
    return overlay(base, over)


def dispute(dispute_id: str, created: int, **over: Any) -> JsonObject:
    base: JsonObject = {
        "id": dispute_id,
        "object": "dispute",
        "amount": 0,
        "balance_transactions": [],
        "charge": None,
        "created": created,
        "currency": None,
        "enhanced_eligibility_types": [],
        "evidence_details": {
            "due_by": created + _ANSWER_SECONDS,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": None,
        "payment_intent": None,
        "reason": "fraudulent",
        "status": "needs_response",
    }
    return overlay(base, over)
