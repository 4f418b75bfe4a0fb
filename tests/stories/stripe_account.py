"""
A Stripe account in memory: what happens in it makes the whole set of Stripe's events.

Ids and times are counted, not drawn, so that a story is the same whenever it is told. Objects are
kept as the newest API version shows them, in their last state, as Stripe's lists would; an event
shows its object as it was then, in the shape of its endpoint's version.
"""

from collections import Counter
from copy import deepcopy
from functools import cache

from tests.stories.stripe_shapes import NEWEST, exists_at, shaped
from tests.stripe_fixtures import stripe_event

START = 1_793_900_000
A_MINUTE, AN_HOUR, A_DAY = 60, 3_600, 86_400


@cache
def _fixture(name: str) -> dict:
    return stripe_event(name)["data"]["object"]


class StripeAccount:
    """
    `events` in the order in which they were made; `objects` by id, in their last state.

    While `connected` is set, things happen in that other account, which is their home; while
    `livemode` is, in the other mode. Then they are `elsewhere`: on no list that our key can read.
    """

    def __init__(self, version: str = NEWEST):
        self.version, self.livemode = version, False
        self.events: list[dict] = []
        self.objects: dict[str, dict] = {}
        self.now = START
        self.story = ""
        self.connected: str | None = None
        self.elsewhere: set[str] = set()
        self.homes: dict[str, str] = {}
        self.customer: str | None = None
        self._counted: Counter[str] = Counter()
        self._payments: dict[str, dict[str, int]] = {}
        self._off_stripe: dict[str, int] = {}

    # How things are made.

    def begins(self, story: str, customer: str | None = None) -> None:
        """Number what follows by its story, so that several stories share no id."""
        self.story, self.connected = story.replace("_", "").title(), None
        self.now = START + len(self.events) * A_MINUTE
        self.customer = customer or self._id("cus")

    def _id(self, kind: str) -> str:
        name = f"{kind}_{self.story}"
        self._counted[name] += 1
        return f"{name}{self._counted[name]}"

    def _make(self, kind: str, fixture: str, **changes) -> dict:
        named = {} if "id" in changes else {"id": self._id(kind)}
        made = {"created": self.now, "livemode": self.livemode, **named, **changes}
        self.objects[made["id"]] = {**deepcopy(_fixture(fixture)), **made}
        if self.connected:
            self.homes[made["id"]] = self.connected
        if self.connected or self.livemode:
            self.elsewhere.add(made["id"])
        return self.objects[made["id"]]

    def emits(self, kind: str, found: dict, previous: dict | None = None) -> dict:
        """Announce a change, a second after the one before."""
        self.now += 1
        if not exists_at(self.version, kind):
            return {}
        before = {"previous_attributes": previous} if previous else {}
        event = {
            "id": self._id("evt"),
            "object": "event",
            "api_version": self.version,
            "created": self.now,
            "livemode": self.livemode,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
            "data": {"object": shaped(self.version, found, self), **before},
        }
        self.events.append(event | ({"account": self.connected} if self.connected else {}))
        if self.connected or self.livemode:
            self.elsewhere.add(event["id"])
        return self.events[-1]

    def waits(self, seconds: int) -> None:
        self.now += seconds

    # Payments.

    def intends(self, amount: int, currency: str = "eur", **changes) -> dict:
        """Make a PaymentIntent with its charge; nothing has moved yet."""
        intent_id = self._id("pi")
        money = {"amount": amount, "currency": currency, "customer": self.customer}
        charge = self._make(
            "ch",
            "charge_succeeded",
            **money | {"payment_intent": intent_id, "amount_captured": 0, "captured": False},
        )
        state = {"amount_received": 0, "metadata": {}, "status": "processing"}
        named = {"id": intent_id, "latest_charge": charge["id"]}
        return self._make("pi", "payment_intent_succeeded", **money | state | named | changes)

    def charge_of(self, intent: dict) -> dict:
        return self.objects[intent["latest_charge"]]

    def receives(self, intent: dict, amount: int | None = None) -> None:
        """Let the money of an intent arrive, all of it or the part that is captured."""
        was_held = intent["status"] == "requires_capture"
        received = intent["amount"] if amount is None else amount
        intent |= {"amount_received": received, "amount_capturable": 0, "status": "succeeded"}
        charge = self.charge_of(intent)
        charge |= {"amount_captured": received, "captured": True, "created": self.now}
        charge |= {"amount_refunded": charge["amount"] - received}
        self.emits("charge.captured" if was_held else "charge.succeeded", charge)
        self.emits("payment_intent.succeeded", intent)

    def holds(self, intent: dict) -> None:
        intent |= {"amount_capturable": intent["amount"], "status": "requires_capture"}
        self.emits("charge.succeeded", self.charge_of(intent))
        self.emits("payment_intent.amount_capturable_updated", intent)

    def releases(self, intent: dict) -> None:
        """Give a hold back, which looks like a refund and is none."""
        intent |= {"amount_capturable": 0, "status": "canceled"}
        charge = self.charge_of(intent)
        charge |= {"amount_refunded": charge["amount"], "refunded": True}
        self.emits("charge.refunded", charge, {"amount_refunded": 0})
        refund = self._refund(intent, charge["amount"], reason="expired_uncaptured_charge")
        self.emits("refund.created", refund)

    # What is given back.

    def _refund(self, intent: dict, amount: int, **changes) -> dict:
        named = {"payment_intent": intent["id"], "charge": intent["latest_charge"]}
        money = {"amount": amount, "currency": intent["currency"]}
        return self._make("re", "refund_created", **named | money | changes)

    def refunds(self, intent: dict, amount: int) -> dict:
        refund, charge = self._refund(intent, amount, status="pending"), self.charge_of(intent)
        before = charge["amount_refunded"]
        charge |= {"amount_refunded": before + amount}
        self.emits("refund.created", refund)
        self.emits("charge.refunded", charge, {"amount_refunded": before})
        refund |= {"status": "succeeded"}
        self.emits("refund.updated", refund, {"status": "pending"})
        return refund

    def refund_fails(self, refund: dict) -> None:
        charge = self.objects[refund["charge"]]
        charge |= {"amount_refunded": charge["amount_refunded"] - refund["amount"]}
        refund |= {"status": "failed"}
        self.emits("refund.failed", refund)

    def is_disputed(self, intent: dict, *, ends: str) -> None:
        named = {"payment_intent": intent["id"], "charge": intent["latest_charge"]}
        dispute = self._make("du", "dispute_created", amount=intent["amount"], **named)
        self.emits("charge.dispute.created", dispute)
        dispute |= {"status": ends}
        self.emits("charge.dispute.closed", dispute)

    # Checkout.

    def checkout(self, amount: int, *, intent: dict | None = None, **changes) -> dict:
        """Make an open Checkout Session; `intent` pays it."""
        rest = {"amount_shipping": 0, "amount_tax": 0, "amount_discount": 0}
        price = {"amount_subtotal": amount, "amount_total": amount, "shipping_cost": None}
        state = {"status": "open", "payment_status": "unpaid", "client_reference_id": None}
        named = {"payment_intent": intent and intent["id"], "customer": self.customer}
        return self._make(
            "cs",
            "checkout_paid",
            **price | state | named | {"total_details": rest, "metadata": {}} | changes,
        )

    def completes(self, session: dict, payment_status: str) -> dict:
        session |= {"status": "complete", "payment_status": payment_status}
        return self.emits("checkout.session.completed", session)

    def clears(self, session: dict, *, paid: bool) -> None:
        """End a delayed payment, well or badly."""
        intent = self.objects[session["payment_intent"]]
        if paid:
            self.receives(intent)
            session |= {"payment_status": "paid"}
            self.emits("checkout.session.async_payment_succeeded", session)
        else:
            intent |= {"status": "requires_payment_method"}
            self.emits("checkout.session.async_payment_failed", session)

    def expires(self, session: dict) -> None:
        session |= {"status": "expired", "payment_intent": None}
        self.emits("checkout.session.expired", session)

    # Subscriptions.

    def subscription(self) -> str:
        return self._id("sub")

    def invoice(self, subscription: str | None, amount: int, reason: str, **changes) -> dict:
        """Make an invoice that is due; `metadata` is what the shop wrote on the subscription."""
        metadata = changes.pop("metadata", {})
        details = {"subscription": subscription, "metadata": metadata}
        parent = {"type": "subscription_details", "subscription_details": details}
        sums = {"total": amount, "amount_due": amount, "subtotal": amount, "amount_paid": 0}
        made = {"parent": parent if subscription else None, "customer": self.customer}
        made |= {"billing_reason": reason, "status": "open"}
        return self._make("in", "invoice_paid", **sums | made | changes)

    def is_paid(self, invoice: dict, *parts: int, off_stripe: int = 0, says_so: bool = True):
        """Pay an invoice by cards, in parts if need be, and by `off_stripe` outside of Stripe."""
        invoice_id = invoice["id"]
        intents = [self.intends(part, invoice["currency"]) for part in parts if part]
        self._payments[invoice_id] = {one["id"]: one["amount"] for one in intents}
        self._off_stripe[invoice_id] = off_stripe
        for intent in intents:
            self.receives(intent)
            paid_with = {"type": "payment_intent", "payment_intent": intent["id"]}
            self._pays(invoice_id, intent["amount"], paid_with)
        if off_stripe and says_so:
            record = {"type": "payment_record", "payment_record": self._id("prec")}
            self._pays(invoice_id, off_stripe, record)
        invoice |= {"amount_paid": sum(parts) + off_stripe, "amount_remaining": 0}
        invoice |= {"status": "paid", "status_transitions": {"paid_at": self.now}}
        self.emits("invoice.paid", invoice)
        return intents

    def _pays(self, invoice_id: str, amount: int, payment: dict) -> None:
        made = {"invoice": invoice_id, "amount_paid": amount, "payment": payment}
        self.emits("invoice_payment.paid", self._make("inpay", "invoice_payment_paid", **made))

    def is_receipted(self, intent: dict) -> None:
        """Let a payment's money arrive with an invoice after it, which is only its receipt."""
        self.receives(intent)
        receipt = self.invoice(None, intent["amount"], "manual")
        self._payments[receipt["id"]] = {intent["id"]: intent["amount"]}
        paid_with = {"type": "payment_intent", "payment_intent": intent["id"]}
        self._pays(receipt["id"], intent["amount"], paid_with)
        receipt |= {"status": "paid", "amount_paid": intent["amount"], "amount_remaining": 0}
        self.emits("invoice.paid", receipt)

    def subscribes(self, amount: int, *, paid: int | None = None, **session) -> dict:
        """
        Complete a Checkout in subscription mode and pay its first invoice; `paid` 0 is a trial.
        """
        subscription, due = self.subscription(), amount if paid is None else paid
        metadata = session.pop("on_subscription", {})
        invoice = self.invoice(subscription, due, "subscription_create", metadata=metadata)
        if due:
            self.is_paid(invoice, due)
        else:
            self.is_paid(invoice)
        named = {"invoice": invoice["id"], "subscription": subscription, "mode": "subscription"}
        checkout = self.checkout(due, **named | session)
        self.completes(checkout, "paid" if due else "no_payment_required")
        return checkout

    def renews(self, checkout: dict, amount: int, **changes) -> dict:
        """Make the next invoice of a checkout's subscription, a day later."""
        self.waits(A_DAY)
        reason = changes.pop("reason", "subscription_cycle")
        return self.invoice(checkout["subscription"], amount, reason, **changes)

    # What the objects say of each other.

    def payments_of(self, invoice_id: str) -> dict[str, int]:
        return self._payments.get(invoice_id, {})

    def off_stripe_of(self, invoice_id: str) -> int:
        return self._off_stripe.get(invoice_id, 0)

    def invoice_of(self, payment_intent_id: str) -> str | None:
        return next((i for i, paid in self._payments.items() if payment_intent_id in paid), None)
