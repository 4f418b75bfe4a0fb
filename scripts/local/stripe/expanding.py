"""`expand[]`: put whole objects where a read gives only their ids, or gives nothing at all."""

from collections.abc import Callable
from typing import Any

from scripts.local.stripe.errors import invalid
from scripts.local.stripe.forms import Params, items
from scripts.local.stripe.objects import JsonObject, list_of
from scripts.local.stripe.store import Store

# Stripe expands four levels deep.
_DEEPEST = 4


class Expander:
    def __init__(self, store: Store, line_items: Callable[[str], list[JsonObject]]) -> None:
        """`line_items` gives those of a checkout session by its id."""
        self._store = store
        self._line_items = line_items

    def expanded(self, subject: JsonObject, params: Params) -> JsonObject:
        """Raise ApiError for a property that cannot be expanded."""
        for path in items(params.get("expand"), "expand"):
            parts = str(path).split(".")
            if len(parts) > _DEEPEST:
                raise invalid("You cannot expand more than 4 levels of a property.", "expand")
            self._expand(subject, parts, str(path))
        return subject

    def _expand(self, holder: Any, parts: list[str], path: str) -> None:
        if not parts or holder is None:
            return
        if isinstance(holder, list):
            for one in holder:
                self._expand(one, parts, path)
            return
        first, rest = parts[0], parts[1:]
        holder[first] = self._value_of(holder, first, path)
        self._expand(holder[first], rest, path)

    def _value_of(self, holder: JsonObject, name: str, path: str) -> Any:
        match holder.get("object"), name:
            case "checkout.session", "line_items":
                url = f"/v1/checkout/sessions/{holder['id']}/line_items"
                return list_of(url, self._line_items(holder["id"]))
            case "invoice", "payments":
                return list_of("/v1/invoice_payments", self._payments_of(holder["id"]))
            case "invoice", "amount_paid_off_stripe":
                # Stripe reckons it from the payment records, and no event tells it.
                return sum(
                    one["amount_paid"] or 0
                    for one in self._payments_of(holder["id"])
                    if one["payment"]["type"] == "payment_record"
                )
            case "charge", "refunds":
                url = f"/v1/charges/{holder['id']}/refunds"
                return list_of(url, self._of("refund", "charge", holder["id"]))
            case _:
                return self._named_by_id(holder, name, path)

    def _payments_of(self, invoice_id: str) -> list[JsonObject]:
        return self._of("invoice_payment", "invoice", invoice_id)

    def _of(self, kind: str, name: str, value: str) -> list[JsonObject]:
        return self._store.newest_first(kind, lambda one: one[name] == value)

    def _named_by_id(self, holder: JsonObject, name: str, path: str) -> Any:
        value = holder.get(name)
        if isinstance(value, str):
            value = self._store.find(value) or value
        if name not in holder or isinstance(value, (str, int)):
            raise invalid(f"This property cannot be expanded ({path}).", "expand")
        return value
