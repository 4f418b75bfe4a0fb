"""Checkout: a Stripe Checkout Session that carries the visitor's session to the webhook."""

import json
from dataclasses import dataclass
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from scripts.local.shop import catalogue

_TIMEOUT_SECONDS = 10


class CheckoutError(Exception):
    """Stripe did not give us a page to pay on."""


@dataclass(frozen=True, slots=True)
class Stripe:
    """Where Stripe's API is, and the key that opens it."""

    api: str
    key: str

    def hosted_page(self, shop: str, quantity: int, session_id: str | None) -> str:
        """
        Create a Checkout Session and return the address of its page.

        https://docs.stripe.com/api/checkout/sessions/create; raise CheckoutError.
        """
        request = Request(
            f"{self.api}/v1/checkout/sessions",
            data=urlencode(_form(shop, quantity, session_id)).encode(),
            headers={"Authorization": f"Bearer {self.key}"},
        )
        try:
            with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                return str(json.load(answer)["url"])
        except (URLError, OSError, ValueError, KeyError) as error:
            raise CheckoutError(str(error)) from error


def _form(shop: str, quantity: int, session_id: str | None) -> dict[str, str]:
    form = {
        "mode": "payment",
        # Stripe fills in the braces; the tag finds the id in the address and asks for release.
        "success_url": f"{shop}/thanks?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{shop}/cart",
        # One way to pay that settles at once, one that takes days.
        "payment_method_types[0]": "card",
        "payment_method_types[1]": "sepa_debit",
        "line_items[0][quantity]": str(quantity),
        "line_items[0][price_data][currency]": catalogue.CURRENCY,
        "line_items[0][price_data][unit_amount]": str(catalogue.UNIT_AMOUNT),
        "line_items[0][price_data][product_data][name]": catalogue.NAME,
    }
    if session_id:
        # On the PaymentIntent too: objects made from it have no client_reference_id.
        form["client_reference_id"] = session_id
        form["metadata[settled_session]"] = session_id
        form["payment_intent_data[metadata][settled_session]"] = session_id
    return form
