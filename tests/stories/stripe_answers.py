"""An account's answers to our questions: the ports StripeBooks and StripeLists."""

from copy import copy

from shared.domain.custom_data import Content
from shared.domain.reconciling import EVENT_TYPES, Cursor, Listed, Page
from shared.usecases.ports.stripe import InvoiceTruth
from tests.stories.stripe_account import StripeAccount
from tests.stories.stripe_shapes import BEFORE_BASIL, NEWEST

_PREFIXES = {
    Listed.CHECKOUT_SESSIONS: ("cs_", "complete"),
    Listed.INVOICES: ("in_", "paid"),
    Listed.PAYMENT_INTENTS: ("pi_", None),
}

# Which payment paid an old invoice is said by its event alone, so that one must exist.
RESTORED_BY_OBJECTS = {
    NEWEST: {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "invoice.paid",
        "payment_intent.succeeded",
    },
    BEFORE_BASIL: {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "payment_intent.succeeded",
    },
}


class StripeAnswers:
    """
    `never_made` are the events that Stripe failed to make (its own words: in rare cases): neither
    delivered nor listed.
    """

    def __init__(self, account: StripeAccount, never_made=frozenset(), page_size: int = 7):
        self._account = account
        self._never_made = never_made
        self._page_size = page_size
        self._home: str | None = None

    # Port: StripeBooks.

    def of(self, account: str | None) -> "StripeAnswers":
        other = copy(self)
        other._home = account
        return other

    def invoice(self, invoice_id: str) -> InvoiceTruth | None:
        found = self._account.objects.get(invoice_id)
        if found is None or self._account.homes.get(invoice_id) != self._home:
            return None
        part = self._stripe_part(found)
        opens = found["billing_reason"] == "subscription_create" and part > 0
        return InvoiceTruth(part, is_first=opens or not self._has_earlier_money(found))

    def _stripe_part(self, invoice: dict) -> int:
        return sum(self._account.payments_of(invoice["id"]).values())

    def _has_earlier_money(self, invoice: dict) -> bool:
        return any(
            other["object"] == "invoice"
            and other["status"] == "paid"
            and _subscription_of(other) == _subscription_of(invoice)
            and _paid_at(other) < _paid_at(invoice)
            and self._stripe_part(other) > 0
            for other in self._account.objects.values()
        )

    def invoice_of(self, payment_intent_id: str) -> str | None:
        return self._account.invoice_of(payment_intent_id)

    def contents(self, checkout_session_id: str) -> tuple[Content, ...]:
        return (Content(id=f"prod_{checkout_session_id}", quantity=1),)

    # Port: StripeLists.

    def page(self, listed: Listed, cursor: Cursor) -> Page | None:
        since, until = int(cursor.since.timestamp()), int(cursor.until.timestamp())
        found = [one for one in self._all(listed) if since <= one["created"] <= until]
        found.sort(key=lambda one: (one["created"], one["id"]), reverse=True)
        ids = [one["id"] for one in found]
        start = ids.index(cursor.after) + 1 if cursor.after else 0
        page = tuple(found[start : start + self._page_size])
        return Page(page, has_more=start + self._page_size < len(found))

    def checkout_session(self, checkout_session_id: str) -> dict | None:
        """What happened in another account our key does not find."""
        if checkout_session_id in self._account.elsewhere:
            return None
        return self._expanded(self._account.objects[checkout_session_id])

    def _all(self, listed: Listed) -> list[dict]:
        if listed is Listed.EVENTS:
            return [
                event
                for event in self._account.events
                if event["type"] in EVENT_TYPES
                and event["id"] not in self._never_made
                and event["id"] not in self._account.elsewhere
            ]
        prefix, status = _PREFIXES[listed]
        return [
            self._expanded(one)
            for one in self._account.objects.values()
            if one["id"].startswith(prefix)
            and status in (None, one["status"])
            and one["id"] not in self._account.elsewhere
        ]

    def _expanded(self, found: dict) -> dict:
        """Put the PaymentIntent and its charge where we ask for them."""
        charge = self._account.objects.get(found.get("latest_charge"))
        intent = self._account.objects.get(found.get("payment_intent"))
        if found["object"] == "payment_intent":
            return found | {"latest_charge": charge}
        return found | {"payment_intent": self._expanded(intent)} if intent else found


def _subscription_of(invoice: dict) -> str | None:
    return ((invoice["parent"] or {}).get("subscription_details") or {}).get("subscription")


def _paid_at(invoice: dict) -> int:
    return invoice["status_transitions"]["paid_at"]
