"""What is asked of Stripe: whether it signed, and what its events leave open."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.domain.custom_data import Content


class Proof(StrEnum):
    """What Stripe's signature proves; EXPIRED is right, but too old or too new."""

    GOOD = "good"
    BAD = "bad"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class InvoiceTruth:
    """
    What only Stripe's API can say of a paid invoice.

    `stripe_part_minor` is what moved through Stripe, without credit balance and out-of-band
    money; `is_first` whether no earlier invoice of its subscription had such money.
    """

    stripe_part_minor: int
    is_first: bool


class StripeBooks(Protocol):
    """Questions that an event leaves open; each raises StripeUnavailableError."""

    def of(self, account: str | None) -> "StripeBooks":
        """Open a connected account's books (`acct_…`); None opens our own. Asks nothing yet."""
        ...

    def invoice(self, invoice_id: str) -> InvoiceTruth | None:
        """Return None where Stripe knows no such invoice."""
        ...

    def invoice_of(self, payment_intent_id: str) -> str | None:
        """Return the invoice that a PaymentIntent pays, if it pays one."""
        ...

    def contents(self, checkout_session_id: str) -> tuple[Content, ...]:
        """Return what was in the cart; empty where Stripe knows no such session."""
        ...
