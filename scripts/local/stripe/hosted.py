"""The routes a buyer meets: Stripe's hosted Checkout page and Payment Links."""

from collections.abc import Callable

from scripts.local.http_messages import Answer, Handle, Request, Response, Route
from scripts.local.stripe.buyer import Outcome
from scripts.local.stripe.cashier import Cashier
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.errors import ApiError
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.pages import checkout_page, closed_page
from scripts.local.stripe.store import Store


class Hosted:
    def __init__(self, store: Store, checkout: Checkout, cashier: Cashier) -> None:
        self._store = store
        self._checkout = checkout
        self._cashier = cashier

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/c/pay/{session}", _plainly(self._show)),
            Route("POST", "/c/pay/{session}", _plainly(self._pay)),
            Route("GET", "/c/recover/{session}", _plainly(self._recover)),
            Route("GET", "/b/{link}", _plainly(self._follow)),
        ]

    def _show(self, request: Request) -> Answer:
        session = self._store.get("checkout.session", request.parameters["session"])
        if session["status"] != "open":
            return Response.of_html(closed_page(session))
        return Response.of_html(self._page(session))

    def _pay(self, request: Request) -> Answer:
        form = dict(request.form_pairs)
        session_id = request.parameters["session"]
        try:
            outcome = Outcome(form.get("outcome", Outcome.CARD))
        except ValueError:
            return Response.of_html("No such way to pay.", 400)
        paid = self._cashier.pay(session_id, outcome, form)
        if paid.session["status"] == "open":
            return Response.of_html(self._page(paid.session, "Your card was declined."), 402)
        return Response.redirect(paid.redirect or f"/c/pay/{session_id}")

    def _follow(self, request: Request) -> Answer:
        session = self._checkout.follow(request.parameters["link"], request.query)
        return Response.redirect(session["url"])

    def _recover(self, request: Request) -> Answer:
        return Response.redirect(self._checkout.recover(request.parameters["session"])["url"])

    def _page(self, session: JsonObject, refusal: str | None = None) -> str:
        draft = self._checkout.draft(session["id"])
        return checkout_page(
            session, draft.line_items, collects_phone=draft.collects_phone, refusal=refusal
        )


def _plainly(handle: Handle) -> Callable[[Request], Answer]:
    """Tell a buyer of a refusal in words, not in the API's envelope."""

    def answer(request: Request) -> Answer:
        try:
            return handle(request)
        except ApiError as error:
            return Response(error.status, error.message.encode(), {"Content-Type": "text/plain"})

    return answer
