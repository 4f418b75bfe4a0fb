"""What Stripe itself knows of every sale: its money, its kind, and whose it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.stories.stripe_account import StripeAccount

Naming = dict[str, list[frozenset[str]]]


@dataclass(frozen=True, slots=True)
class StripeSale:
    """
    One payment as Stripe's objects show it in the end, in minor units.

    `price` is what was to be paid, `settled` what of it moved through Stripe, `beside` its tax
    and shipping. `named` are the sessions that the payment names itself, the most trustworthy
    first, `inferred` those that other objects name for it, `by_customer` those that led its
    customer to any subscription. `naming` says of each session which objects have to be heard of
    until it is known. `is_direct` has no Checkout and no invoice, so that nobody need be known.
    """

    key: str
    price: int
    settled: int
    currency: str
    livemode: bool
    is_connected: bool
    beside: int = 0
    checkout: str | None = None
    is_renewal: bool = False
    is_trial_start: bool = False
    countries: frozenset[str | None] = frozenset({None})
    named: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()
    by_customer: frozenset[str] = frozenset()
    naming: Naming = field(default_factory=dict)
    is_direct: bool = False


def sales_of(account: StripeAccount, *, takes_direct: bool) -> dict[str, StripeSale]:
    """Give every sale that is ours to know of, by its sale key."""
    books = _Books(account)
    found = [*books.one_offs(), *books.invoices(), *books.direct_payments(takes_direct)]
    return {sale.key: sale for sale in found}


def parts_of_invoices(account: StripeAccount) -> set[str]:
    """Name the payments that pay an invoice, and so are no sales of their own."""
    return {one["id"] for one in account.objects.values() if account.invoice_of(one["id"])}


class _Books:
    def __init__(self, account: StripeAccount):
        self.account = account
        self.objects = account.objects

    def _all(self, kind: str) -> list[dict]:
        return [one for one in self.objects.values() if one["object"] == kind]

    # One-off payments of a Checkout.

    def one_offs(self) -> Iterator[StripeSale]:
        for checkout in self._all("checkout.session"):
            if checkout["mode"] != "payment" or checkout["status"] != "complete":
                continue
            intent = self.objects.get(checkout["payment_intent"])
            is_free = checkout["payment_status"] == "no_payment_required"
            received = 0 if is_free else intent["amount_received"]
            if is_free or received:
                yield self._one_off(checkout, intent, received)

    def _one_off(self, checkout: dict, intent: dict | None, received: int) -> StripeSale:
        rest = checkout["total_details"]
        naming: Naming = {}
        marks = [_mark(intent)] if intent else []
        _note(naming, marks, intent)
        own = _references(checkout)
        _note(naming, own, checkout)
        return StripeSale(
            key=intent["id"] if intent else checkout["id"],
            price=received,
            settled=received,
            currency=checkout["currency"].upper(),
            livemode=checkout["livemode"],
            is_connected=self._is_connected(checkout),
            beside=rest["amount_tax"] + rest["amount_shipping"],
            checkout=checkout["id"],
            countries=frozenset({_country(checkout["customer_details"])}),
            named=_distinct([*marks, *own]),
            inferred=_distinct(self._recovered(checkout, naming)),
            naming=naming,
        )

    def _recovered(self, checkout: dict, naming: Naming) -> list[str]:
        """Follow a Checkout to those that it recovers, and give the sessions that those name."""
        found, chain = [], [checkout]
        while lost := self.objects.get(chain[-1]["recovered_from"]):
            chain.append(lost)
            _note(naming, _references(lost), *chain)
            found += _references(lost)
        return found

    # Invoices of subscriptions.

    def invoices(self) -> Iterator[StripeSale]:
        for invoice in self._all("invoice"):
            if _subscription_of(invoice) and invoice["status"] == "paid":
                yield self._invoice(invoice)

    def _invoice(self, invoice: dict) -> StripeSale:
        naming: Naming = {}
        details = invoice["parent"]["subscription_details"]
        named = [text] if (text := (details["metadata"] or {}).get("settled_session")) else []
        _note(naming, named, invoice)
        is_start = invoice["billing_reason"] == "subscription_create"
        return StripeSale(
            key=invoice["id"],
            price=invoice["amount_paid"],
            settled=self._moved(invoice),
            currency=invoice["currency"].upper(),
            livemode=invoice["livemode"],
            is_connected=self._is_connected(invoice),
            beside=sum(tax["amount"] for tax in invoice["total_taxes"]),
            is_renewal=self._follows_money(invoice),
            is_trial_start=is_start and not (invoice["amount_paid"] or invoice["subtotal"]),
            countries=frozenset({_country({"address": invoice["customer_address"]})}),
            named=_distinct(named),
            inferred=_distinct(self._of_subscription(invoice, naming)),
            by_customer=frozenset(self._of_customer(invoice["customer"])),
            naming=naming,
        )

    def _moved(self, invoice: dict) -> int:
        return sum(self.account.payments_of(invoice["id"]).values())

    def _follows_money(self, invoice: dict) -> bool:
        return any(
            self._moved(other) and _paid_at(other) < _paid_at(invoice)
            for other in self._all("invoice")
            if _subscription_of(other) == _subscription_of(invoice) and other["status"] == "paid"
        )

    def _of_subscription(self, invoice: dict, naming: Naming) -> list[str]:
        subscription, found = _subscription_of(invoice), []
        for checkout in self._all("checkout.session"):
            if checkout["subscription"] == subscription and checkout["status"] == "complete":
                own = _references(checkout)
                _note(naming, own, checkout)
                found += [*own, *self._recovered(checkout, naming)]
        return found

    def _of_customer(self, customer: str) -> Iterator[str]:
        for checkout in self._all("checkout.session"):
            if checkout["customer"] == customer and checkout["subscription"]:
                yield from (*_references(checkout), *self._recovered(checkout, {}))
        for invoice in self._all("invoice"):
            if invoice["customer"] == customer and _subscription_of(invoice):
                metadata = invoice["parent"]["subscription_details"]["metadata"] or {}
                yield from filter(None, [metadata.get("settled_session")])

    # Payments without a Checkout.

    def direct_payments(self, takes_all: bool) -> Iterator[StripeSale]:
        paid_by_checkout = {one["payment_intent"] for one in self._all("checkout.session")}
        for intent in self._all("payment_intent"):
            is_direct = intent["id"] not in paid_by_checkout
            if not is_direct or self.account.invoice_of(intent["id"]):
                continue
            named = [text] if (text := _mark(intent)) else []
            if intent["amount_received"] and (named or takes_all):
                naming: Naming = {}
                _note(naming, named, intent)
                charge = self.objects[intent["latest_charge"]]
                yield StripeSale(
                    key=intent["id"],
                    price=intent["amount_received"],
                    settled=intent["amount_received"],
                    currency=intent["currency"].upper(),
                    livemode=intent["livemode"],
                    is_connected=self._is_connected(intent),
                    # The payment knows no address, its charge does.
                    countries=frozenset({None, _country(charge["billing_details"])}),
                    named=tuple(named),
                    naming=naming,
                    is_direct=True,
                )

    def _is_connected(self, found: dict) -> bool:
        return found["id"] in self.account.elsewhere and not found["livemode"]


def _mark(intent: dict) -> str | None:
    return intent["metadata"].get("settled_session")


def _references(checkout: dict) -> list[str]:
    """List whom a Checkout names, by the shop's server and by its address, in this order."""
    metadata = {} if checkout.get("payment_link") else checkout["metadata"]
    return [
        who
        for who in (metadata.get("settled_session"), checkout["client_reference_id"])
        if who is not None
    ]


def _note(naming: Naming, sessions: list[str | None], *objects: dict | None) -> None:
    for session_id in sessions:
        if session_id is not None:
            path = frozenset(one["id"] for one in objects if one is not None)
            naming.setdefault(session_id, []).append(path)


def _distinct(sessions: list[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in sessions if each is not None))


def _country(details: dict) -> str | None:
    return (details.get("address") or {}).get("country")


def _subscription_of(invoice: dict) -> str | None:
    return ((invoice["parent"] or {}).get("subscription_details") or {}).get("subscription")


def _paid_at(invoice: dict) -> int:
    return invoice["status_transitions"]["paid_at"]
