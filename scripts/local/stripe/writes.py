"""The API calls by which a shop's server changes something, and what each gives back."""

from collections.abc import Callable, Mapping

from scripts.local.http_messages import Request
from scripts.local.stripe.buyer import Outcome
from scripts.local.stripe.checkout_params import check_known
from scripts.local.stripe.errors import ApiError, invalid, parameter_missing
from scripts.local.stripe.forms import Params, integer, is_true, items, metadata
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.parameter_names import (
    CANCEL_PARAMS,
    CAPTURE_PARAMS,
    CONFIRM_PARAMS,
    COUPON_PARAMS,
    INTENT_PARAMS,
    INVOICE_PAY_PARAMS,
    REFUND_PARAMS,
)
from scripts.local.stripe.stories import StripeAccount, subject_of

Call = Callable[[Request, Params], JsonObject]

_CAPTURE_METHODS = frozenset({"automatic", "automatic_async", "manual"})
# Stripe's test card that is declined; every other payment method pays.
_DECLINED_CARD = "pm_card_chargeDeclined"
_PAYMENT_REQUIRED = 402


class Writes:
    def __init__(self, account: StripeAccount) -> None:
        self._account = account
        self._store = account.store

    def calls(self) -> Mapping[str, Call]:
        """Give each POST by the pattern of its path."""
        checkout = self._account.checkout
        return {
            "/v1/checkout/sessions": lambda _, params: checkout.open(params),
            "/v1/checkout/sessions/{id}/expire": self._expire,
            "/v1/payment_links": lambda _, params: checkout.make_link(params),
            "/v1/payment_intents": self._open_intent,
            "/v1/payment_intents/{id}/confirm": self._confirm_intent,
            "/v1/payment_intents/{id}/capture": self._capture,
            "/v1/payment_intents/{id}/cancel": self._cancel,
            "/v1/invoices/{id}/pay": self._pay_invoice,
            "/v1/refunds": self._refund,
            "/v1/coupons": self._open_coupon,
        }

    def _expire(self, request: Request, _: Params) -> JsonObject:
        return self._account.expire(request.parameters["id"]).session

    def _open_intent(self, _: Request, params: Params) -> JsonObject:
        check_known(params, INTENT_PARAMS)
        for name in ("amount", "currency"):
            if name not in params:
                raise parameter_missing(name)
        capture_method = params.get("capture_method", "automatic_async")
        if capture_method not in _CAPTURE_METHODS:
            raise invalid(f"Invalid capture_method: {capture_method}", "capture_method")
        intent = self._account.open_intent(
            integer(params["amount"], "amount"),
            str(params["currency"]).lower(),
            metadata=metadata(params.get("metadata")),
            method=_method(params),
            capture_method=capture_method,
            customer=params.get("customer"),
            description=params.get("description"),
            receipt_email=params.get("receipt_email"),
        )
        if is_true(params.get("confirm")):
            return self._confirmed(intent["id"], params)
        return intent

    def _confirm_intent(self, request: Request, params: Params) -> JsonObject:
        check_known(params, CONFIRM_PARAMS)
        return self._confirmed(request.parameters["id"], params)

    def _confirmed(self, intent_id: str, params: Params) -> JsonObject:
        intent = self._store.get("payment_intent", intent_id)
        outcome = Outcome.CARD
        if params.get("payment_method") == _DECLINED_CARD:
            outcome = Outcome.DECLINE
        elif "sepa_debit" in intent["payment_method_types"]:
            outcome = Outcome.SEPA
        self._account.confirm(intent_id, outcome)
        if outcome is Outcome.DECLINE:
            raise ApiError(
                "Your card was declined.",
                status=_PAYMENT_REQUIRED,
                code="card_declined",
                kind="card_error",
            )
        return self._store.get("payment_intent", intent_id)

    def _capture(self, request: Request, params: Params) -> JsonObject:
        check_known(params, CAPTURE_PARAMS)
        self._account.capture(request.parameters["id"], _amount(params, "amount_to_capture"))
        return self._store.get("payment_intent", request.parameters["id"])

    def _cancel(self, request: Request, params: Params) -> JsonObject:
        check_known(params, CANCEL_PARAMS)
        self._account.cancel(request.parameters["id"], params.get("cancellation_reason"))
        return self._store.get("payment_intent", request.parameters["id"])

    def _pay_invoice(self, request: Request, params: Params) -> JsonObject:
        check_known(params, INVOICE_PAY_PARAMS)
        invoice_id = request.parameters["id"]
        self._account.pay_invoice(invoice_id, out_of_band=is_true(params.get("paid_out_of_band")))
        return self._store.get("invoice", invoice_id)

    def _refund(self, _: Request, params: Params) -> JsonObject:
        check_known(params, REFUND_PARAMS)
        payment = params.get("payment_intent") or params.get("charge")
        if not payment:
            raise parameter_missing("payment_intent")
        events = self._account.refund(
            str(payment),
            _amount(params, "amount"),
            reason=params.get("reason"),
            metadata=metadata(params.get("metadata")),
        )
        return subject_of(events, "refund.created")

    def _open_coupon(self, _: Request, params: Params) -> JsonObject:
        check_known(params, COUPON_PARAMS)
        percent, amount = (_amount(params, name) for name in ("percent_off", "amount_off"))
        if (percent is None) == (amount is None):
            raise parameter_missing("percent_off")
        coupon = self._account.coupon(percent_off=percent, amount_off=amount)
        return self._store.get("coupon", coupon)


def _amount(params: Params, name: str) -> int | None:
    return integer(params[name], name) if name in params else None


def _method(params: Params) -> str:
    named = items(params.get("payment_method_types"), "payment_method_types")
    return str(named[0]) if named else "card"
