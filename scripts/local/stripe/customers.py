"""Customers: made when a checkout needs one, and what they have to their credit."""

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer
from scripts.local.stripe.errors import invalid
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store


class Customers:
    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def open(self, buyer: Buyer, phone: str | None, *, livemode: bool) -> str:
        customer = objects.customer(
            self._ids("cus", 14),
            int(self._clock().timestamp()),
            address=buyer.address(),
            email=buyer.email,
            livemode=livemode,
            name=buyer.name,
            phone=phone,
        )
        return str(self._store.put(customer)["id"])

    def credit(self, customer_id: str, amount: int) -> list[Change]:
        """Give a customer something to their credit, in minor units; later invoices use it up."""
        if amount < 1:
            raise invalid("Only a positive amount can be credited.", "amount")
        before = self._store.get("customer", customer_id, "customer")["balance"]
        credited = self._store.change("customer", customer_id, balance=before - amount)
        return [Change("customer.updated", credited, {"balance": before})]

    def settle_balance(self, customer_id: str | None, total: int) -> tuple[int, int]:
        """Give the balance before and after an invoice; a negative total becomes credit."""
        customer = self._store.find(customer_id or "")
        if customer is None:
            return 0, 0
        starting: int = customer["balance"]
        ending = min(0, starting + total)
        if ending != starting:
            self._store.change("customer", customer["id"], balance=ending)
        return starting, ending

    def named(self, customer_id: str | None) -> JsonObject:
        """Give what an invoice freezes of its customer when it is finalised."""
        customer = self._store.find(customer_id or "") or {}
        return {
            "customer": customer_id,
            "customer_address": customer.get("address"),
            "customer_email": customer.get("email"),
            "customer_name": customer.get("name"),
            "customer_phone": customer.get("phone"),
        }
