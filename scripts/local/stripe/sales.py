"""What a shop offers, as plain values that become the parameters of a Checkout session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sale:
    """One thing at one price; `params` asks for its session as a shop's server would."""

    # In minor units; of a subscription, what each period costs.
    amount: int = 5990
    currency: str = "eur"
    client_reference_id: str | None = None
    # The session's own metadata, which reaches no other object.
    metadata: Mapping[str, str] = field(default_factory=dict)
    # Reaches the PaymentIntent of a one-off sale, or the subscription and its invoices.
    onward_metadata: Mapping[str, str] = field(default_factory=dict)
    trial_days: int = 0
    coupon: str | None = None
    customer: str | None = None
    # The next three are for one-off sales only.
    invoice_creation: bool = False
    invoice_metadata: Mapping[str, str] = field(default_factory=dict)
    manual_capture: bool = False
    recoverable: bool = False
    quantity: int = 1

    def params(self, *, recurring: bool = False) -> dict[str, Any]:
        """Give the decoded form of POST /v1/checkout/sessions."""
        onward: dict[str, Any] = {"metadata": self.onward_metadata} if self.onward_metadata else {}
        asked = {
            "cancel_url": "https://shop.example/cart",
            "client_reference_id": self.client_reference_id,
            "customer": self.customer,
            "discounts": {"0": {"coupon": self.coupon}} if self.coupon else None,
            "line_items": {"0": self._line_item(recurring=recurring)},
            "metadata": self.metadata,
            "mode": "subscription" if recurring else "payment",
            "success_url": "https://shop.example/ok?sid={CHECKOUT_SESSION_ID}",
            **(self._for_a_subscription(onward) if recurring else self._for_a_sale(onward)),
        }
        return {name: value for name, value in asked.items() if value}

    def _line_item(self, *, recurring: bool) -> dict[str, Any]:
        price: dict[str, Any] = {
            "currency": self.currency,
            "product_data": {"name": "Tea"},
            "unit_amount": str(self.amount),
        }
        if recurring:
            price["recurring"] = {"interval": "month"}
        return {"price_data": price, "quantity": str(self.quantity)}

    def _for_a_subscription(self, onward: dict[str, Any]) -> dict[str, Any]:
        trial = {"trial_period_days": str(self.trial_days)} if self.trial_days else {}
        return {"subscription_data": onward | trial}

    def _for_a_sale(self, onward: dict[str, Any]) -> dict[str, Any]:
        capture = {"capture_method": "manual"} if self.manual_capture else {}
        params: dict[str, Any] = {"payment_intent_data": onward | capture}
        if self.invoice_creation:
            data = {"metadata": self.invoice_metadata}
            params["invoice_creation"] = {"enabled": "true", "invoice_data": data}
        if self.recoverable:
            params["after_expiration"] = {"recovery": {"enabled": "true"}}
        return params
