"""Who pays on the hosted page, and what they do there."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from scripts.local.stripe import objects
from scripts.local.stripe.objects import JsonObject


class Outcome(StrEnum):
    """What the buyer does; SEPA debit stands for every delayed method."""

    CARD = "card"
    SEPA = "sepa"
    DECLINE = "decline"

    @property
    def method(self) -> str:
        """The payment method type that the session must offer for it."""
        return "sepa_debit" if self is Outcome.SEPA else "card"


class Settlement(StrEnum):
    """What becomes of a delayed payment, days later."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Buyer:
    """Nobody real; the defaults fill the form in advance."""

    email: str = "ada@example.com"
    name: str = "Ada Synth"
    phone: str = "+33600000000"
    country: str = "FR"
    city: str = "Lyon"
    postal_code: str = "69001"
    line1: str = "1 rue Fictive"

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Take what was told of the buyer and leave the rest as it is."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: str(told[name]) for name in known if told.get(name)})

    def address(self) -> JsonObject:
        return objects.address(
            country=self.country, city=self.city, postal_code=self.postal_code, line1=self.line1
        )


def presented_in(told: Mapping[str, Any]) -> JsonObject | None:
    """
    Read what the buyer was shown under adaptive pricing, as `presentment_details`.

    `presentment_amount` is in minor units of `presentment_currency`; None where neither is told.
    """
    if "presentment_currency" not in told:
        return None
    return {
        "presentment_amount": int(told["presentment_amount"]),
        "presentment_currency": str(told["presentment_currency"]),
    }
