"""Release: the Pixel speaks once, for money that settled, and not too late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.aliases import Alias
from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State
from shared.domain.evidence import evidence_of
from shared.domain.matching import Match
from shared.domain.policies import PIXEL_AND_SERVER_MERGE
from shared.domain.purchases import MatchedBy
from shared.domain.readings import Kind, Link, NoMoney, References, StripeObjects
from shared.domain.releases import (
    Never,
    Pending,
    Release,
    Silence,
    decide_release,
)
from shared.domain.stripe_events import StripeEvent
from shared.usecases.release_purchase import ReleasePurchase
from tests.builders import (
    A_SECOND,
    AN_HOUR,
    NOW,
    SESSION_ID,
    consent,
    receipt,
    session,
    visit,
)
from tests.builders import purchase as written_down
from tests.fakes import FakeLedger, FakeReleases, FakeSessions, FakeSessionWriter

NOBODY = FakeSessionWriter(FakeSessions())


def purchase(*args, **changes):
    """A purchase that was judged: a task was made for it."""
    return written_down(*args, **changes).with_delivery(
        Destination.META, Delivery().queued(NOW), NOW
    )


def in_state(state: State, reason: str | None = None, **changes):
    delivery = Delivery(state=state, reason=reason, **changes)
    return replace(purchase(), deliveries={Destination.META: delivery})


def decide(*purchases, at=NOW, cs=None):
    return decide_release(purchases, checkout_session_id=cs, now=at)


def test_no_purchase_yet_is_pending():
    assert decide() is Pending.PENDING


@pytest.mark.parametrize("state", [State.OWED, State.QUEUED])
def test_settled_money_is_released_before_meta_has_the_servers_copy(state):
    assert decide(in_state(state, tasks=1)) == Release(in_state(state, tasks=1))


def test_what_nobody_has_judged_yet_is_pending():
    """
    It may be test mode's money, or given back already: that is found out after it is written down.
    """
    assert decide(in_state(State.OWED)) is Pending.PENDING
    assert isinstance(decide(in_state(State.OWED, attempts=1)), Release)


def test_accepted_money_is_released_for_47_hours():
    accepted = in_state(State.ACCEPTED, accepted_at=NOW)

    assert isinstance(decide(accepted, at=NOW + PIXEL_AND_SERVER_MERGE), Release)
    late = decide(accepted, at=NOW + PIXEL_AND_SERVER_MERGE + A_SECOND)
    assert late == Silence(Never.LATE)


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (State.WITHHELD, "no_consent", "no_consent"),
        (State.WITHHELD, "test_mode", "test_mode"),
        (State.REJECTED, "meta_100", "rejected"),
        (State.EXPIRED, "too_old", "expired"),
    ],
)
def test_what_meta_is_not_told_by_us_the_pixel_does_not_tell_either(state, reason, said):
    assert decide(in_state(state, reason)) == Silence(said)


def test_a_release_is_given_once():
    released = replace(purchase(), released_at=NOW)

    assert decide(released, at=NOW) == Silence(Never.ALREADY_RELEASED)


def test_of_two_purchases_the_newest_unreleased_one_is_meant():
    old = replace(purchase("pi_old"), settled_at=NOW - AN_HOUR)
    new = purchase("pi_new")

    assert decide(old, new).purchase.sale_key == "pi_new"
    assert decide(old, replace(new, released_at=NOW - AN_HOUR)).purchase.sale_key == "pi_old"


def test_a_page_that_knows_its_checkout_asks_for_no_other():
    assert decide(purchase(), cs="cs_other") is Pending.PENDING
    assert isinstance(decide(purchase(), cs="cs_1"), Release)


async def test_nobody_without_a_session_is_answered():
    answer = await ReleasePurchase(FakeReleases(FakeLedger()), NOBODY)(
        None, checkout_session_id=None, now=NOW
    )

    assert answer == Silence(Never.NO_SESSION)


async def test_the_first_release_is_written_down_and_the_second_page_finds_it():
    ledger = FakeLedger()
    ledger.record(receipt(), purchase(), ())
    release = ReleasePurchase(FakeReleases(ledger), NOBODY)
    later = NOW + timedelta(days=1)

    first = await release(SESSION_ID, checkout_session_id=None, now=NOW)
    second = await release(SESSION_ID, checkout_session_id=None, now=later)

    assert isinstance(first, Release)
    assert ledger.find("pi_1").purchase.released_at == NOW
    assert second == Silence(Never.ALREADY_RELEASED)


@pytest.mark.parametrize(
    "said",
    [
        {"visit": visit(consent=consent(ad_user_data=False))},
        {"withdrawn_at": NOW},
    ],
    ids=["told us no", "withdrew"],
)
async def test_who_said_no_since_gets_no_pixel_either(said):
    ledger, sessions = FakeLedger(), FakeSessions()
    ledger.record(receipt(), purchase(), ())
    sessions.stored[SESSION_ID] = session(**said)

    answer = await ReleasePurchase(FakeReleases(ledger), FakeSessionWriter(sessions))(
        SESSION_ID, checkout_session_id=None, now=NOW
    )

    assert answer == Silence(Never.NO_CONSENT)
    assert ledger.find("pi_1").purchase.released_at is None


async def test_a_release_that_cannot_be_written_is_not_given():
    ledger = FakeLedger()
    ledger.record(receipt(), purchase(), ())
    ledger.replace = lambda *_: False

    answer = await ReleasePurchase(FakeReleases(ledger), NOBODY)(
        SESSION_ID, checkout_session_id=None, now=NOW
    )

    assert answer is Pending.PENDING


async def test_a_sale_that_was_told_before_its_checkout_was_known_is_released_all_the_same():
    """A payment's own event may come first, and Meta may be told within milliseconds of it."""
    ledger = FakeLedger()
    told = replace(purchase(), stripe=StripeObjects(payment_intent_id="pi_1"))
    checkout = Alias("cs_1", NOW + timedelta(days=400), session_id=SESSION_ID, sale_key="pi_1")
    ledger.record(receipt(), told, (checkout,))
    release = ReleasePurchase(FakeReleases(ledger), NOBODY)

    first = await release(SESSION_ID, checkout_session_id="cs_1", now=NOW)
    second = await release(SESSION_ID, checkout_session_id="cs_1", now=NOW)

    assert isinstance(first, Release)
    assert second == Silence(Never.ALREADY_RELEASED)


async def test_a_checkout_of_another_visitors_sale_releases_nothing():
    ledger = FakeLedger()
    checkout = Alias("cs_1", NOW + timedelta(days=400), session_id="s_else", sale_key="pi_1")
    ledger.record(receipt(), replace(purchase(), session_id="s_else"), (checkout,))
    release = ReleasePurchase(FakeReleases(ledger), NOBODY)

    assert await release(SESSION_ID, checkout_session_id="cs_1", now=NOW) is Pending.PENDING


PAID_ONCE = StripeObjects(checkout_session_id="cs_1", payment_intent_id="pi_1")
OPENED = StripeObjects(
    checkout_session_id="cs_1", invoice_id="in_1", subscription_id="sub_1", customer_id="cus_1"
)


def a_ledger_that_heard(*said, objects=PAID_ONCE, session_id=SESSION_ID):
    """Its events, taken as the webhook takes them: what the ledger knows of it, and no purchase."""
    ledger = FakeLedger()
    for number, says in enumerate(said):
        link = Link(objects, References(client_reference_id=session_id), says)
        event = StripeEvent(f"evt_{number}", "checkout.session", NOW, False, None, None, {})
        matched = Match(session(session_id), MatchedBy.CLIENT_REFERENCE_ID)
        aliases = evidence_of(link, event, matched, NOW).aliases
        ledger.record(receipt(f"evt_{number}"), None, aliases)
    return ledger


def a_checkout_that(*said, session_id=SESSION_ID):
    ledger = a_ledger_that_heard(*said, session_id=session_id)
    return ReleasePurchase(FakeReleases(ledger), NOBODY)


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        (NoMoney.FAILED, Silence(Never.PAYMENT_FAILED)),
        (NoMoney.EXPIRED, Silence(Never.CHECKOUT_EXPIRED)),
        (NoMoney.UNPAID, Pending.PENDING),
        (NoMoney.SUBSCRIPTION, Pending.PENDING),
    ],
)
async def test_a_checkout_that_ended_without_money_is_waited_for_no_longer(says, answer):
    release = a_checkout_that(says)

    assert await release(SESSION_ID, checkout_session_id="cs_1", now=NOW) == answer


@pytest.mark.parametrize(
    "said", [(NoMoney.UNPAID, NoMoney.FAILED), (NoMoney.FAILED, NoMoney.UNPAID)]
)
async def test_a_delayed_payment_that_failed_is_waited_for_no_longer(said):
    """While it was unpaid its checkout named the sale that it might have become."""
    release = a_checkout_that(*said)

    answer = await release(SESSION_ID, checkout_session_id="cs_1", now=NOW)

    assert answer == Silence(Never.PAYMENT_FAILED)


def first_invoice():
    """What a subscription's invoice proved; it knows no checkout."""
    paid = StripeObjects(invoice_id="in_1", subscription_id="sub_1", customer_id="cus_1")
    return replace(purchase("in_1"), stripe=paid, kind=Kind.FIRST, stripe_part_minor=5990)


async def test_the_thank_you_page_of_a_subscription_is_released_by_its_first_invoice():
    ledger = a_ledger_that_heard(NoMoney.SUBSCRIPTION, objects=OPENED)
    release = ReleasePurchase(FakeReleases(ledger), NOBODY)

    before = await release(SESSION_ID, checkout_session_id="cs_1", now=NOW)
    ledger.add(first_invoice())
    first = await release(SESSION_ID, checkout_session_id="cs_1", now=NOW)
    second = await release(SESSION_ID, checkout_session_id="cs_1", now=NOW)

    assert before is Pending.PENDING
    assert first.purchase.sale_key == "in_1"
    assert second == Silence(Never.ALREADY_RELEASED)


async def test_a_subscriptions_thank_you_page_asks_for_no_other_sale():
    ledger = a_ledger_that_heard(NoMoney.SUBSCRIPTION, objects=OPENED)
    ledger.add(replace(purchase("pi_2"), stripe=StripeObjects(checkout_session_id="cs_2")))
    release = ReleasePurchase(FakeReleases(ledger), NOBODY)

    assert await release(SESSION_ID, checkout_session_id="cs_1", now=NOW) is Pending.PENDING


async def test_how_a_checkout_ended_is_told_to_its_own_visitor_alone():
    release = a_checkout_that(NoMoney.FAILED, session_id="s_somebody_elses_session")

    assert await release(SESSION_ID, checkout_session_id="cs_1", now=NOW) is Pending.PENDING


@pytest.mark.parametrize("asked", ["", "cs/1", "..", "__cs__", "cs_" + "x" * 300])
async def test_what_is_no_id_of_stripes_is_not_looked_up(asked):
    releases = FakeReleases(FakeLedger())
    releases.checkout = None  # Calling it fails.

    answer = await ReleasePurchase(releases, NOBODY)(SESSION_ID, checkout_session_id=asked, now=NOW)

    assert answer is Pending.PENDING


def test_a_sale_that_may_be_a_renewal_is_pending_until_stripe_has_said():
    unsure = replace(
        in_state(State.QUEUED),
        kind=Kind.UNSURE,
        stripe=StripeObjects(invoice_id="in_1", subscription_id="sub_1"),
    )

    assert decide(unsure) is Pending.PENDING
    assert isinstance(decide(replace(unsure, kind=Kind.FIRST, stripe_part_minor=5990)), Release)


def test_the_pixel_never_says_purchase_of_a_renewal_or_of_nothing():
    renewal = replace(in_state(State.ACCEPTED, accepted_at=NOW), kind=Kind.RENEWAL)
    nothing = replace(in_state(State.ACCEPTED, accepted_at=NOW), amount_minor=0)

    assert decide(renewal) == decide(nothing) == Silence(Never.NOT_A_PURCHASE)
