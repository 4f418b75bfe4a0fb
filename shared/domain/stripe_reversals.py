"""
Reversals: refunds and disputes; and what looks like one where no money ever moved.

Source: Stripe's Refund and Dispute objects; woocommerce-gateway-stripe #1073 for the charge
that shows what was never captured as refunded.
"""

from shared.domain.readings import (
    ChargeRefunded,
    DisputeRead,
    Ignored,
    JsonObject,
    RefundRead,
    RefundStatus,
)
from shared.domain.stripe_json import minor, stripe_id, text


def read_charge_refunded(charge: JsonObject) -> ChargeRefunded | Ignored:
    """
    Read the sum of a charge's refunds so far, as `charge.refunded` shows it.

    What a partial capture left behind is in `amount_refunded` too, and was never ours.
    """
    charge_id, refunded = stripe_id(charge.get("id")), minor(charge.get("amount_refunded"))
    amount, captured = minor(charge.get("amount")), minor(charge.get("amount_captured"))
    if charge.get("captured") is False:
        return Ignored.NOT_CAPTURED
    if charge_id is None or refunded is None or amount is None:
        return Ignored.MALFORMED
    released = max(0, amount - captured) if captured is not None else 0
    returned = max(0, refunded - released)
    if refunded > 0 and returned == 0:
        return Ignored.NOT_CAPTURED
    payment_id = stripe_id(charge.get("payment_intent")) or charge_id
    return ChargeRefunded(payment_id, charge_id, refunded_minor=returned)


def read_refund(refund: JsonObject) -> RefundRead | Ignored:
    """Read one refund as `refund.created`, `.updated` or `.failed` shows it."""
    if refund.get("reason") == "expired_uncaptured_charge":
        return Ignored.NOT_CAPTURED
    refund_id, amount = stripe_id(refund.get("id")), minor(refund.get("amount"))
    payment_id, status = _payment_id(refund), _refund_status(refund.get("status"))
    if refund_id is None or amount is None or payment_id is None or status is None:
        return Ignored.MALFORMED
    return RefundRead(
        payment_id=payment_id,
        charge_id=stripe_id(refund.get("charge")),
        refund_id=refund_id,
        status=status,
        amount_minor=amount,
    )


def read_dispute(dispute: JsonObject) -> DisputeRead | Ignored:
    """Read a dispute as any `charge.dispute.*` shows it; its status stays in Stripe's words."""
    dispute_id, amount = stripe_id(dispute.get("id")), minor(dispute.get("amount"))
    payment_id, status = _payment_id(dispute), text(dispute.get("status"))
    if dispute_id is None or amount is None or payment_id is None or status is None:
        return Ignored.MALFORMED
    return DisputeRead(
        payment_id=payment_id,
        charge_id=stripe_id(dispute.get("charge")),
        dispute_id=dispute_id,
        status=status,
        amount_minor=amount,
    )


def _payment_id(reversal: JsonObject) -> str | None:
    return stripe_id(reversal.get("payment_intent")) or stripe_id(reversal.get("charge"))


def _refund_status(value: object) -> RefundStatus | None:
    return next((status for status in RefundStatus if status == value), None)
