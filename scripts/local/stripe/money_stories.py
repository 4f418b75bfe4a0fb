"""What happens to money once an account has it: direct payments, holds, refunds, disputes."""

from collections.abc import Mapping
from typing import Any

from scripts.local.stripe.account import Account, Events
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer, Outcome
from scripts.local.stripe.disputes import Verdict
from scripts.local.stripe.objects import JsonObject


class MoneyStories(Account):
    """Every story raises ApiError where Stripe would refuse it; amounts are in minor units."""

    def open_intent(
        self,
        amount: int,
        currency: str = "eur",
        *,
        metadata: Mapping[str, str] | None = None,
        method: str = "card",
        **over: Any,
    ) -> JsonObject:
        """Make a PaymentIntent that no checkout and no invoice made, and give it."""
        return self._parts.intents.open(
            method,
            metadata or {},
            amount=amount,
            currency=currency,
            livemode=self._livemode,
            **over,
        )

    def confirm(self, payment_intent: str, outcome: Outcome = Outcome.CARD) -> Events:
        def attempt() -> list[Change]:
            intent = self.store.get("payment_intent", payment_intent)
            return self._parts.intents.attempt(intent, outcome, Buyer())

        return self.tell(attempt)

    def direct_payment(
        self,
        amount: int,
        currency: str = "eur",
        *,
        metadata: Mapping[str, str] | None = None,
        customer: str | None = None,
        manual_capture: bool = False,
        outcome: Outcome = Outcome.CARD,
    ) -> Events:
        """Open a PaymentIntent and confirm it."""
        intent = self.open_intent(
            amount,
            currency,
            metadata=metadata,
            method=outcome.method,
            capture_method="manual" if manual_capture else "automatic_async",
            customer=customer,
        )
        return self.confirm(intent["id"], outcome)

    def capture(self, payment_intent: str, amount: int | None = None) -> Events:
        """Take a hold, whole or in part."""
        return self.tell(lambda: self._parts.captures.capture(payment_intent, amount))

    def cancel(self, payment_intent: str, reason: str | None = None) -> Events:
        """Cancel an intent; a hold is released, which shows as a refund."""
        return self.tell(lambda: self._parts.captures.cancel(payment_intent, reason))

    def refund(
        self,
        payment: str,
        amount: int | None = None,
        *,
        status: str = "succeeded",
        reason: str | None = "requested_by_customer",
        metadata: Mapping[str, str] | None = None,
    ) -> Events:
        """Refund a `pi_…` or `ch_…`, whole or in part; `pending` is moved on by move_refund."""
        over = {"reason": reason, "metadata": metadata or {}}
        return self.tell(lambda: self._parts.refunds.refund(payment, amount, status=status, **over))

    def move_refund(self, refund: str, status: str) -> Events:
        """Bring a refund to `succeeded`, `failed` or `canceled`."""
        return self.tell(lambda: self._parts.refunds.move(refund, status))

    def dispute(self, payment_intent: str, verdict: Verdict = Verdict.NEEDS_RESPONSE) -> Events:
        """Open a dispute, or close it as won or lost."""
        return self.tell(lambda: self._parts.disputes.dispute(payment_intent, Verdict(verdict)))
