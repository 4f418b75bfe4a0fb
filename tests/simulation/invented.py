"""Stories that nobody wrote: customers who pay, come back, cancel and want their money back."""

from random import Random

from tests.stories.shop import ADA, BOB, EVE
from tests.stories.stripe_account import A_MINUTE, AN_HOUR, StripeAccount
from tests.stories.stripe_shapes import VERSIONS

# Bound to be somebody's, nobody's, or no session at all.
_WHO = (ADA, ADA, ADA, BOB, BOB, EVE, "s_nobody_0001", "order-7", None)
_AMOUNTS = (490, 1_900, 5_990, 10_000)


class Invented:
    """One customer's life in an account; every object of it says where they live."""

    def __init__(self, account: StripeAccount, dice: Random):
        self.account, self.dice = account, dice
        self.country = dice.choice(("FR", "FR", "US", None))
        self.intents: list[dict] = []

    def lives(self) -> None:
        deeds = (self._buys, self._buys, self._subscribes, self._pays_directly, self._comes_back)
        for _ in range(self.dice.choice((1, 1, 2))):
            self._waits()
            self.dice.choice(deeds)()
        for intent in [one for one in self.intents if one["amount_received"]]:
            if self.dice.random() < 0.3:
                self._waits()
                self._wants_it_back(intent)

    # What they do.

    def _buys(self, **of_checkout) -> None:
        """Pay a Checkout by card, later, from a hold, or nothing; some payments never clear."""
        account, amount = self.account, self._amount()
        named = of_checkout or self._named()
        kind = self.dice.choice(("card", "card", "card", "delayed", "hold", "free"))
        if kind == "free":
            account.completes(self._checkout(0, **named), "no_payment_required")
            return
        intent = self._intends(amount, metadata=self._mark(named))
        checkout = self._checkout(amount, intent=intent, **named)
        if kind == "card":
            self._receives(intent)
            account.completes(checkout, "paid")
            return
        if kind == "hold":
            account.holds(intent)
        account.completes(checkout, "unpaid")
        self._waits()
        if kind == "delayed":
            account.clears(checkout, paid=self.dice.random() < 0.7)
        elif self.dice.random() < 0.3:
            account.releases(intent)
        else:
            self._receives(intent, self.dice.choice((amount, amount // 2)))
            checkout |= {"payment_status": "paid"}

    def _comes_back(self) -> None:
        """Let a Checkout expire, and pay the one that recovers it."""
        lost = self._checkout(self._amount(), **self._named())
        self.account.expires(lost)
        self._waits()
        self._buys(recovered_from=lost["id"])

    def _pays_directly(self) -> None:
        who = self.dice.choice(_WHO)
        mark = {} if who is None or self.dice.random() < 0.5 else {"settled_session": who}
        intent = self._intends(self._amount(), metadata=mark)
        if self.dice.random() < 0.3:
            self.account.holds(intent)
            self._waits()
        self._receives(intent)

    def _subscribes(self) -> None:
        """Begin with a trial, with money or with credit, and go on for a few invoices."""
        named, amount = self._named(), self._amount()
        account = self.account
        subscription, paid = account.subscription(), self.dice.choice((0, amount, amount))
        metadata = self._mark(named) if self.dice.random() < 0.6 else {}
        first = self._invoice(subscription, paid, "subscription_create", metadata)
        if not paid and self.dice.random() < 0.3:
            first |= {"subtotal": amount}  # A coupon, which is no trial.
        # The checkout says first whose it is, or last, as Stripe has it.
        named |= {"invoice": first["id"], "subscription": subscription, "mode": "subscription"}
        checkout = self._checkout(paid, **named)
        says = "paid" if paid else "no_payment_required"
        if self.dice.random() < 0.5:
            account.completes(checkout, says)
            self._pays(first, paid)
        else:
            self._pays(first, paid)
            account.completes(checkout, says)
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            self._waits(AN_HOUR)
            reason = self.dice.choice(("subscription_cycle", "subscription_update"))
            self._pays(self._invoice(subscription, amount, reason, metadata), amount)

    def _pays(self, invoice: dict, amount: int) -> None:
        """Pay an invoice whole; by credit, or in parts, or partly outside of Stripe."""
        how = self.dice.choice(("whole", "whole", "parts", "credit", "outside", "both"))
        is_old = self.account.version not in VERSIONS[:1]
        if not amount or how == "credit":
            invoice |= {"amount_due": 0}
            self.account.is_paid(invoice)
        elif how == "outside":
            says = self.dice.random() < 0.5
            self.account.is_paid(invoice, off_stripe=amount, says_so=says)
        elif how == "whole" or is_old:
            self.intents += self.account.is_paid(invoice, amount)
        elif how == "parts":
            part = amount // 3
            self.intents += self.account.is_paid(invoice, part, amount - part)
        else:
            self.intents += self.account.is_paid(invoice, amount - 100, off_stripe=100)

    def _wants_it_back(self, intent: dict) -> None:
        received = intent["amount_received"]
        how = self.dice.choice(("whole", "part", "parts", "fails", "disputes"))
        if how == "disputes":
            self.account.is_disputed(intent, ends=self.dice.choice(("won", "lost")))
        elif how == "fails":
            self.account.refund_fails(self.account.refunds(intent, received))
        elif how == "whole":
            self.account.refunds(intent, received)
        else:
            self.account.refunds(intent, received // 4)
            self._waits()
            if how == "parts":
                self.account.refunds(intent, received - received // 4)

    # How Stripe writes it down.

    def _amount(self) -> int:
        return self.dice.choice(_AMOUNTS)

    def _waits(self, least: int = 0) -> None:
        self.account.waits(least + self.dice.choice((0, 0, A_MINUTE, AN_HOUR, 7 * AN_HOUR)))

    def _named(self) -> dict:
        """Say who bought: in an address, by the shop's server, or both, which may differ."""
        who, metadata = self.dice.choice(_WHO), {}
        if who is not None and self.dice.random() < 0.4:
            metadata = {"settled_session": who}
            who = self.dice.choice((who, None, BOB))
        return {"client_reference_id": who, "metadata": metadata}

    def _mark(self, named: dict) -> dict:
        """Write on the payment whom the checkout's metadata names, as the README has it."""
        mark = named.get("metadata", {}).get("settled_session")
        return {"settled_session": mark} if mark and self.dice.random() < 0.6 else {}

    def _intends(self, amount: int, **changes) -> dict:
        intent = self.account.intends(amount, **changes)
        self._at_home(self.account.charge_of(intent), "billing_details")
        return intent

    def _receives(self, intent: dict, amount: int | None = None) -> None:
        self.account.receives(intent, amount)
        self.intents.append(intent)

    def _checkout(self, amount: int, **changes) -> dict:
        tax, shipping = self._beside(amount)
        rest = {"amount_shipping": shipping, "amount_tax": tax, "amount_discount": 0}
        made = self.account.checkout(amount, total_details=rest, **changes)
        return self._at_home(made, "customer_details")

    def _invoice(self, subscription: str, amount: int, reason: str, metadata: dict) -> dict:
        taxes = [{"amount": tax} for tax in self._beside(amount)[:1] if tax]
        made = self.account.invoice(subscription, amount, reason, metadata=metadata)
        made |= {"total_taxes": taxes, "customer_address": {"country": self.country}}
        return made

    def _beside(self, amount: int) -> tuple[int, int]:
        """Give what of an amount is tax, and what is shipping; now and then all of it."""
        return self.dice.choice(((0, 0), (amount // 5, 0), (amount // 6, amount // 3), (amount, 0)))

    def _at_home(self, found: dict, where: str) -> dict:
        found[where] = {**found[where], "address": {"country": self.country}}
        return found


def invents(account: StripeAccount, dice: Random, customer: str | None) -> None:
    """Let some customers live, each heard of at a version of its own."""
    for number in range(dice.choice((1, 2, 2))):
        account.version = dice.choice(VERSIONS)
        account.begins(f"invented_{number}", customer)
        account.livemode = dice.random() < 0.05
        if not account.livemode and dice.random() < 0.05:
            account.connected = "acct_1"
        Invented(account, dice).lives()
        account.livemode = False
