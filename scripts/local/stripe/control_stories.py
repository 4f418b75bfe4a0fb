"""
The stories below /control: what buyers, banks and the passing of time do to an account.

Each takes a JSON object and answers `{"events": [ids]}`; the ids can be read at /v1/events.
"""

from typing import Any

from scripts.local.http_messages import Route
from scripts.local.stripe.account import Events
from scripts.local.stripe.buyer import Outcome
from scripts.local.stripe.control import Told, told_route
from scripts.local.stripe.disputes import Verdict
from scripts.local.stripe.faults import ApiFault, ApiFaults
from scripts.local.stripe.stories import StripeAccount


class ControlStories:
    def __init__(self, account: StripeAccount, faults: ApiFaults) -> None:
        self._account = account
        self._faults = faults

    def routes(self) -> list[Route]:
        return [
            told_route("/control/renew", self._renew),
            told_route("/control/upgrade", self._upgrade),
            told_route("/control/credit", self._credit),
            told_route("/control/bill", self._bill),
            told_route("/control/pay_invoice", self._pay_invoice),
            told_route("/control/recover", self._recover),
            told_route("/control/refund", self._refund),
            told_route("/control/dispute", self._dispute),
            told_route("/control/mark", self._mark),
            told_route("/control/thin", self._send_thin),
            told_route("/control/api_faults", self._fail_api),
        ]

    def _renew(self, told: Told) -> Any:
        events = self._account.renew(
            told["subscription"], told.get("amount"), outcome=_outcome(told)
        )
        return _named(events)

    def _upgrade(self, told: Told) -> Any:
        events = self._account.upgrade(
            told["subscription"],
            int(told["price"]),
            charge=told.get("charge"),
            outcome=_outcome(told),
        )
        return _named(events)

    def _credit(self, told: Told) -> Any:
        return _named(self._account.credit(told["customer"], int(told["amount"])))

    def _bill(self, told: Told) -> Any:
        events = self._account.bill(
            int(told["amount"]),
            told.get("currency", "eur"),
            customer=told.get("customer"),
            metadata=told.get("metadata"),
        )
        return _named(events)

    def _pay_invoice(self, told: Told) -> Any:
        events = self._account.pay_invoice(
            told["invoice"],
            told.get("part"),
            out_of_band=bool(told.get("out_of_band")),
            tells_record=bool(told.get("tells_record")),
        )
        return _named(events)

    def _recover(self, told: Told) -> Any:
        keeps = bool(told.get("keeps_reference", True))
        return {"session": self._account.recover(told["session"], keeps_reference=keeps)}

    def _refund(self, told: Told) -> Any:
        """Make a refund of a payment, or bring one that exists on."""
        if "refund" in told:
            return _named(self._account.move_refund(told["refund"], told["status"]))
        events = self._account.refund(
            told["payment_intent"], told.get("amount"), status=told.get("status", "succeeded")
        )
        return _named(events)

    def _dispute(self, told: Told) -> Any:
        verdict = Verdict(told.get("status", Verdict.NEEDS_RESPONSE))
        return _named(self._account.dispute(told["payment_intent"], verdict))

    def _mark(self, told: Told) -> Any:
        """Mark later Events with `account` and `livemode`; what is not told is unmarked again."""
        self._account.mark(told.get("account"), livemode=told.get("livemode"))
        return told

    def _send_thin(self, told: Told) -> Any:
        answered = self._account.send_thin(told["event"])
        return {"status": answered.status, "body": answered.body}

    def _fail_api(self, told: Any) -> Any:
        """Take `{"faults": [{"status", "times", "path"}]}`, or the list alone."""
        faults = [ApiFault.of(one) for one in (told if isinstance(told, list) else told["faults"])]
        self._faults.follow(faults)
        return {"faults": len(faults)}


def _outcome(told: Told) -> Outcome | None:
    """Read how an invoice is collected; `"outcome": null` leaves it open."""
    named = told.get("outcome", Outcome.CARD)
    return None if named is None else Outcome(named)


def _named(events: Events) -> dict[str, Any]:
    return {"events": [event["id"] for event in events]}
