"""The routes below /control, which Stripe does not have: what tests and drills do on demand."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from scripts.local.http_messages import Answer, Request, Response, Route
from scripts.local.stripe.buyer import Outcome, Settlement
from scripts.local.stripe.cashier import Cashier
from scripts.local.stripe.deliveries import Plan
from scripts.local.stripe.delivering import Deliverer
from scripts.local.stripe.errors import ApiError

Told = dict[str, Any]


class Control:
    def __init__(self, cashier: Cashier, deliverer: Deliverer) -> None:
        self._cashier = cashier
        self._deliverer = deliverer

    def routes(self) -> list[Route]:
        return [
            told_route("/control/pay", self._pay),
            told_route("/control/settle", self._settle),
            told_route("/control/expire", self._expire),
            told_route("/control/webhooks", self._follow),
            told_route("/control/release", self._release),
            told_route("/control/send", self._send),
            Route("GET", "/control/deliveries", self._show_deliveries),
        ]

    def _pay(self, told: Told) -> Any:
        outcome = Outcome(told.get("outcome", Outcome.CARD))
        return self._cashier.pay(told["session"], outcome, told).as_json()

    def _settle(self, told: Told) -> Any:
        settlement = Settlement(told.get("outcome", Settlement.SUCCEEDED))
        named = told.get("invoice") or told.get("payment_intent") or told["session"]
        return self._cashier.settle(named, settlement).as_json()

    def _expire(self, told: Told) -> Any:
        return self._cashier.expire(told["session"]).as_json()

    def _follow(self, told: Told) -> Any:
        """Take a whole plan: what is not told goes right again."""
        plan = Plan(**told)
        self._deliverer.follow(plan)
        return asdict(plan)

    def _release(self, _: Told) -> Any:
        return {"released": [event["id"] for event in self._deliverer.release()]}

    def _send(self, told: Told) -> Any:
        answered = self._deliverer.send_now(dict(told["event"]))
        return {"status": answered.status, "body": answered.body}

    def _show_deliveries(self, _: Request) -> Answer:
        attempts = [asdict(attempt) for attempt in self._deliverer.attempts()]
        held = [event["id"] for event in self._deliverer.held()]
        return Response.of_json({"deliveries": attempts, "held": held})


def told_route(path: str, do: Callable[[Told], Any]) -> Route:
    """Make a route that takes a JSON object and answers 400 for what cannot be read in it."""

    def answer(request: Request) -> Answer:
        try:
            return Response.of_json(do(request.json() if request.body else {}))
        except ApiError as error:
            return Response.of_json(error.body(), error.status)
        except (KeyError, TypeError, ValueError) as error:
            return Response.of_json({"error": f"cannot read that: {error!r}"}, 400)

    return Route("POST", path, answer)
