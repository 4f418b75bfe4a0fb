"""Ask Stripe what an event could not tell, before anybody is told of the purchase."""

from dataclasses import replace

from shared.domain.purchases import Purchase
from shared.domain.readings import Kind
from shared.usecases.ports.errors import StripeUnavailableError
from shared.usecases.ports.stripe import StripeBooks


def ask_stripe(purchase: Purchase, books: StripeBooks) -> Purchase:
    """
    Fill what is open: first money or renewal, Stripe's part of an invoice, the cart.

    Raise StripeUnavailableError where the money cannot be told without an answer: it is
    deferred, never guessed. The cart only adorns; without it the purchase goes all the same.
    """
    purchase = _with_invoice(purchase, books)
    purchase = _without_invoice(purchase, books)
    return _with_contents(purchase, books)


def _with_invoice(purchase: Purchase, books: StripeBooks) -> Purchase:
    invoice_id = purchase.stripe.invoice_id
    is_open = purchase.kind is Kind.UNSURE or purchase.stripe_part_minor is None
    if not is_open or invoice_id is None:
        return purchase
    truth = books.invoice(invoice_id)
    if truth is None:
        raise StripeUnavailableError("no_such_invoice")
    kind, part = purchase.kind, purchase.stripe_part_minor
    part = truth.stripe_part_minor if part is None else part
    if kind is Kind.UNSURE and part > 0:
        kind = Kind.FIRST if truth.is_first else Kind.RENEWAL
    paid_by = tuple(sorted({*purchase.payment_ids, *truth.payment_ids}))
    return replace(purchase, kind=kind, stripe_part_minor=part, payment_ids=paid_by)


def _without_invoice(purchase: Purchase, books: StripeBooks) -> Purchase:
    """Make sure that a payment which nobody marked as ours does not pay an invoice."""
    intent_id = purchase.stripe.payment_intent_id
    if not purchase.must_not_pay_an_invoice or intent_id is None:
        return purchase
    invoice_id = books.invoice_of(intent_id)
    return replace(
        purchase,
        pays_invoice_id=invoice_id,
        must_not_pay_an_invoice=invoice_id is not None,
    )


def _with_contents(purchase: Purchase, books: StripeBooks) -> Purchase:
    """Ask once, before the first attempt: every attempt must say the same."""
    checkout = purchase.stripe.checkout_session_id
    if purchase.contents is not None or checkout is None:
        return purchase
    try:
        return replace(purchase, contents=books.contents(checkout))
    except StripeUnavailableError:
        return replace(purchase, contents=())
