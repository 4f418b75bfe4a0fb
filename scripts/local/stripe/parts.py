"""The rooms of one account, each given what it needs: the stand-in's composition root."""

from collections.abc import Callable

from scripts.local.clock import Clock
from scripts.local.stripe.bills import Bills
from scripts.local.stripe.captures import Captures
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.completing import Completing
from scripts.local.stripe.customers import Customers
from scripts.local.stripe.disputes import Disputes
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.intents import Intents
from scripts.local.stripe.invoices import Invoices
from scripts.local.stripe.payments import Payments
from scripts.local.stripe.refunds import Refunds
from scripts.local.stripe.selling import Selling
from scripts.local.stripe.settling import Settling
from scripts.local.stripe.store import Store
from scripts.local.stripe.subscriptions import Subscriptions


class Parts:
    def __init__(
        self, clock: Clock, ids: Ids, address: Callable[[], str], *, livemode: bool
    ) -> None:
        """`address` is where the hosted pages are served."""
        self.store = store = Store()
        self.checkout = Checkout(store, address, clock, ids, livemode=livemode)
        self.customers = Customers(store, clock, ids)
        self.intents = Intents(store, clock, ids)
        self.captures = Captures(store, clock, ids)
        self.bills = Bills(store, self.customers, clock, ids)
        self.invoices = Invoices(store, self.intents, clock, ids)
        self.subscriptions = Subscriptions(store, self.bills, self.invoices, clock, ids)
        self.refunds = Refunds(store, clock, ids)
        self.disputes = Disputes(store, clock, ids)
        completing = Completing(store, self.checkout)
        selling = Selling(
            store=store,
            intents=self.intents,
            bills=self.bills,
            invoices=self.invoices,
            completing=completing,
            ids=ids,
        )
        self.settling = Settling(store, self.checkout, self.intents, self.invoices, selling)
        self.payments = Payments(
            store=store,
            checkout=self.checkout,
            customers=self.customers,
            intents=self.intents,
            invoices=self.invoices,
            subscriptions=self.subscriptions,
            selling=selling,
            completing=completing,
            ids=ids,
        )
