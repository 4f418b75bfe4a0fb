"""Every policy is a rule in one place: the question, where its rule stands, and what it says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain import (
    attribution,
    matching,
    policies,
    purchases,
    releases,
    sales,
    stripe_checkouts,
    stripe_events,
    stripe_invoices,
    stripe_payments,
    stripe_readers,
)
from shared.domain.aliases import Alias
from shared.domain.consent import ConsentRule
from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.known import Known
from shared.domain.matching import Match
from shared.domain.policies import Expired, Policies, PurchaseValue, Reportable, Unmatched
from shared.domain.purchases import MatchedBy, NoMatch
from shared.domain.readings import Ignored, Kind, References, StripeObjects
from shared.usecases import ask_stripe, take_stripe_event
from shared.usecases.ports.stripe import InvoiceTruth
from tests.builders import A_SECOND, AN_HOUR, NOW, POLICIES, SESSION_ID, purchase, session
from tests.fakes import FakeBooks
from tests.stories.cast import buys
from tests.stories.shop import Shop
from tests.stories.stripe_account import StripeAccount
from tests.stripe_fixtures import CREATED_AT, stripe_event, stripe_object

NOTHING = Known({}, {})
SEEN = Known({}, {SESSION_ID: session()})
UNSURE = {"kind": Kind.UNSURE, "stripe": StripeObjects(invoice_id="in_1")}
TOLD_AND_RETURNED = purchase(
    refunded_minor=5990, deliveries={Destination.META: Delivery(State.ACCEPTED)}
)
OPEN = replace(POLICIES, consent=ConsentRule(required=False))
UNEXPLAINED = {"session_id": None, "matched_by": None, "consent": None, "visit": None}


def judged(policy=POLICIES, now=NOW, **changes):
    return policies.judge(purchase(**changes), policy, session=session(), now=now)


def kept(**changes):
    """A purchase of an invoice that waits for its session."""
    waits = {"judge_at": NOW + POLICIES.match_for, "stripe_part_minor": 5990}
    return purchase(**UNEXPLAINED | waits | changes)


def released(after):
    """What the thank-you page hears, so long after the server's copy was accepted."""
    done = Delivery(State.ACCEPTED, accepted_at=NOW)
    bought = purchase(deliveries={Destination.META: done})
    return releases.decide_release([bought], checkout_session_id=None, now=NOW + after)


def late_named():
    """A purchase that was given up for want of a session, and is named six days later."""
    alias = Alias("cs_1", NOW, SESSION_ID)
    given_up = Delivery(State.WITHHELD, Withheld.NO_CONSENT)
    unmatched = kept(deliveries={Destination.META: given_up})
    later = NOW + timedelta(days=6)
    return attribution.attributed(unmatched, Known({"cs_1": alias}, SEEN.sessions), later)


def taken(**event):
    account = StripeAccount()
    account.begins("")
    buys(account, client_reference_id="nobody-of-ours")
    return Shop(account).gets(account.events[-1] | event)


def asked(**answers):
    """What Stripe says of a purchase whose event could not tell."""
    books = FakeBooks()
    books.invoices["in_1"] = InvoiceTruth(**answers)
    return ask_stripe.ask_stripe(purchase("in_1", **UNSURE), books)


def invoice(**changes):
    return stripe_invoices.read_invoice(stripe_object("invoice_paid", **changes), CREATED_AT)


def invoice_with(event_id, **changes):
    details = {"subscription": "sub_1", "metadata": {"event_id": event_id}}
    return invoice(parent={"subscription_details": details}, **changes)


NET = PurchaseValue.NET_OF_TAX_AND_SHIPPING
TAXED = purchase(tax_minor=500, shipping_minor=490, stripe_part_minor=5990)
BOTH_NAMED = References(metadata_session=SESSION_ID, client_reference_id="s_other_one")
BOTH_KNOWN = {SESSION_ID: session(), "s_other_one": session("s_other_one")}
PART = stripe_object("charge_captured", amount_captured=2000)
# What each policy says, by its question: the rule, and the answer that it must give.
ROWS = {
    "no consent record": (
        policies.judge,
        lambda: judged(session_id=None, consent=None) is Withheld.NO_CONSENT,
    ),
    "no consent record, where none is required": (
        policies.judge,
        lambda: judged(OPEN, consent=None) is Reportable.YES,
    ),
    "value of a purchase": (
        policies.value_of,
        lambda: policies.value_of(TAXED, PurchaseValue.TOTAL) == 5990,
    ),
    "value net of tax and shipping": (
        policies.value_of,
        lambda: policies.value_of(TAXED, NET) == 5000,
    ),
    "renewals": (policies.judge, lambda: judged(kind=Kind.RENEWAL) is Withheld.RENEWAL),
    "renewals with a name of their own": (
        policies.event_name_of,
        lambda: (
            policies.event_name_of(
                purchase(kind=Kind.RENEWAL), Policies(livemode=False, renewal_event="Renewal")
            )
            == "Renewal"
        ),
    ),
    "trial start, zero amounts": (
        policies.judge,
        lambda: judged(amount_minor=0, is_trial_start=True) is Withheld.ZERO,
    ),
    "trial start with a name of its own": (
        policies.event_name_of,
        lambda: (
            policies.event_name_of(
                purchase(amount_minor=0, is_trial_start=True),
                Policies(livemode=False, trial_event="StartTrial"),
            )
            == "StartTrial"
        ),
    ),
    "refund before sending": (
        policies.judge,
        lambda: judged(refunded_minor=5990) is Withheld.REFUNDED,
    ),
    "refund after sending": (
        sales.up_to_date,
        lambda: (
            sales.up_to_date(TOLD_AND_RETURNED, SEEN, POLICIES, NOW).deliveries
            == TOLD_AND_RETURNED.deliveries
        ),
    ),
    "purchase without a session": (
        policies.judge,
        lambda: judged(OPEN, **UNEXPLAINED) is Reportable.YES,
    ),
    "purchase without a session, where it is withheld": (
        policies.judge,
        lambda: (
            judged(replace(OPEN, unmatched=Unmatched.WITHHOLD), **UNEXPLAINED) is Withheld.UNMATCHED
        ),
    ),
    "livemode differs from the deployment": (
        policies.judge,
        lambda: judged(livemode=True) is Withheld.TEST_MODE,
    ),
    "event_id of a purchase, the shop's own": (
        purchases.event_id_of,
        lambda: purchases.event_id_of("pi_1", "order-7") == "order-7",
    ),
    "event_id of a purchase, derived": (
        purchases.event_id_of,
        lambda: (
            purchases.event_id_of("pi_1", None)
            == purchases.event_id_of("pi_1", None)
            != purchases.event_id_of("pi_2", None)
        ),
    ),
    "late for the Pixel, after the server": (
        releases.decide_release,
        lambda: released(47 * AN_HOUR + A_SECOND) == releases.Silence(releases.Never.LATE),
    ),
    "late for the server, after the Pixel": (
        policies.judge,
        lambda: (
            judged(released_at=NOW, now=NOW + 47 * AN_HOUR + A_SECOND)
            is Expired.LATE_FOR_DEDUPLICATION
        ),
    ),
    "older than seven days less an hour": (
        policies.judge,
        lambda: judged(now=NOW + timedelta(days=7) - AN_HOUR + A_SECOND) is Expired.TOO_OLD,
    ),
    "partial refund before sending": (
        policies.judge,
        lambda: judged(refunded_minor=5989) is Reportable.YES,
    ),
    "disputes": (
        policies.judge,
        lambda: judged(disputes=("du_1:lost",)) is Reportable.YES,
    ),
    "direct PaymentIntents without Checkout": (
        stripe_payments.read_payment_intent,
        lambda: (
            not stripe_payments.read_payment_intent(
                stripe_object("payment_intent_succeeded", metadata={}), CREATED_AT
            ).is_marked
        ),
    ),
    "direct PaymentIntents with our metadata": (
        stripe_payments.read_payment_intent,
        lambda: (
            stripe_payments.read_payment_intent(
                stripe_object("payment_intent_succeeded"), CREATED_AT
            ).is_marked
        ),
    ),
    "money outside Stripe": (
        policies.judge,
        lambda: judged(stripe_part_minor=0) is Withheld.OFF_STRIPE,
    ),
    "credit balance": (policies.judge, lambda: judged(amount_minor=0) is Withheld.ZERO),
    "of a mixed invoice, Stripe's part": (
        policies.value_of,
        lambda: policies.value_of(purchase(stripe_part_minor=1200), PurchaseValue.TOTAL) == 1200,
    ),
    "several payments of one invoice": (
        stripe_invoices.read_invoice,
        lambda: invoice().sale_key == "in_SYNTH1",
    ),
    "a payment of an invoice is no sale of its own": (
        sales.is_part_of_an_invoice,
        lambda: sales.is_part_of_an_invoice(
            purchase(must_not_pay_an_invoice=True, pays_invoice_id="in_1"), {}
        ),
    ),
    "Connect": (
        take_stripe_event.TakeStripeEvent.__call__,
        lambda: taken(account="acct_1").reason is Ignored.CONNECT,
    ),
    "first money or renewal, when the event alone cannot tell": (
        ask_stripe.ask_stripe,
        lambda: asked(stripe_part_minor=5990, is_first=False).kind is Kind.RENEWAL,
    ),
    "Stripe's part, when the event alone cannot tell": (
        ask_stripe.ask_stripe,
        lambda: asked(stripe_part_minor=1200, is_first=True).stripe_part_minor == 1200,
    ),
    "what is asked although nobody is told": (
        purchases.Purchase.asks_though_withheld,
        lambda: purchase("in_1", **UNSURE).asks_though_withheld(
            Delivery(State.WITHHELD, Withheld.NO_CONSENT)
        ),
    ),
    "purchase whose session is not known yet": (
        sales.verdict_of,
        lambda: sales.verdict_of(kept(), NOTHING, POLICIES, NOW) is None,
    ),
    "purchase whose session never became known": (
        sales.verdict_of,
        lambda: (
            sales.verdict_of(kept(), NOTHING, POLICIES, NOW + POLICIES.match_for)
            is Withheld.NO_CONSENT
        ),
    ),
    "a later event that names the session": (
        attribution.attributed,
        lambda: late_named().session_id == SESSION_ID,
    ),
    "metadata and client_reference_id name different known sessions": (
        matching.match,
        lambda: matching.match(BOTH_NAMED, BOTH_KNOWN) == Match(session(), MatchedBy.METADATA),
    ),
    "metadata.event_id on a subscription, first money": (
        stripe_invoices.read_invoice,
        lambda: invoice_with("order-7").event_id == "order-7",
    ),
    "metadata.event_id on a subscription, later": (
        stripe_invoices.read_invoice,
        lambda: invoice_with("order-7", billing_reason="subscription_cycle").event_id is None,
    ),
    "recovered Checkout session without our reference": (
        stripe_checkouts.read_checkout,
        lambda: (
            stripe_checkouts.read_checkout(
                "checkout.session.completed",
                stripe_object("checkout_paid", client_reference_id=None, recovered_from="cs_old"),
                CREATED_AT,
            ).waits_for_match
        ),
    ),
    "thin event": (
        stripe_events.parse_stripe_event,
        lambda: stripe_events.parse_stripe_event({"object": "v2.core.event"}) is Ignored.THIN_EVENT,
    ),
    "older or newer api_version": (
        stripe_events.parse_stripe_event,
        lambda: (
            stripe_events.parse_stripe_event(
                stripe_event("checkout_paid") | {"api_version": "2031-01-01.zebra"}
            ).api_version
            == "2031-01-01.zebra"
        ),
    ),
    "settled_at": (
        stripe_readers.read,
        lambda: (
            stripe_readers.read(
                "checkout.session.completed", stripe_object("checkout_paid"), CREATED_AT
            ).settled_at
            == CREATED_AT
        ),
    ),
    "a hold counts for what was captured": (
        stripe_payments.read_charge,
        lambda: stripe_payments.read_charge(PART, CREATED_AT).amount_minor == 2000,
    ),
    "no match says why": (
        matching.match,
        lambda: matching.match(References(), {}) is NoMatch.NO_REFERENCE,
    ),
}


@pytest.mark.parametrize("question", ROWS)
def test_each_policy_has_one_rule_that_answers_as_its_default_says(question):
    rule, holds = ROWS[question]

    assert rule.__module__.startswith("shared.")
    assert holds(), f"{rule.__module__}.{rule.__qualname__}"
