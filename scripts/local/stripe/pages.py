"""The hosted pages as plain HTML forms."""

from html import escape

from scripts.local.stripe.buyer import Buyer, Outcome
from scripts.local.stripe.objects import JsonObject

_LABELS = {
    Outcome.CARD: "Pay by card",
    Outcome.SEPA: "Pay by SEPA debit (settles later)",
    Outcome.DECLINE: "Pay by a card that is declined",
}
_FIELDS = {
    "email": "E-mail",
    "name": "Name",
    "phone": "Phone",
    "line1": "Address",
    "postal_code": "Postal code",
    "city": "City",
    "country": "Country",
}


def checkout_page(
    session: JsonObject,
    line_items: list[JsonObject],
    *,
    collects_phone: bool,
    refusal: str | None = None,
) -> str:
    """Show the open session with a form that is filled in for nobody real."""
    buyer = Buyer.of({"email": session["customer_email"]})
    shown = {k: v for k, v in _FIELDS.items() if k != "phone" or collects_phone}
    inputs = "".join(
        f'<p><label>{label} <input name="{name}" value="{escape(getattr(buyer, name))}"></label>'
        for name, label in shown.items()
    )
    offered = [one for one in Outcome if one.method in session["payment_method_types"]]
    options = "".join(f'<option value="{one}">{_LABELS[one]}</option>' for one in offered)
    items = "".join(
        f"<li>{one['quantity']} of {escape(one['description'] or '')}" for one in line_items
    )
    cancel = session["cancel_url"]
    return _page(
        f"Pay {session['amount_total']} {escape(session['currency'] or '')} (minor units)",
        (f'<p role="alert">{escape(refusal)}' if refusal else "")
        + f'<ul>{items}</ul><form method="post" action="/c/pay/{session["id"]}">{inputs}'
        + f'<p><select name="outcome">{options}</select> <button>Pay</button></form>'
        + (f'<p><a href="{escape(cancel)}">Back to the shop</a>' if cancel else ""),
    )


def closed_page(session: JsonObject) -> str:
    """Tell that nothing can be paid here any more."""
    return _page(f"This checkout is {escape(session['status'])}", "<p>You may close this page.")


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><h1>{title}</h1>{body}<p><small>Stripe's stand-in: no money moves."
    )
