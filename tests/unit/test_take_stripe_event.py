"""Taking Stripe's events: recorded once, matched, judged, queued."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.domain.consent import ConsentRule
from shared.domain.conversions import Destination
from shared.domain.deliveries import State, Withheld
from shared.domain.policies import Policies, PurchaseValue, Unmatched
from shared.domain.purchases import PERSONAL_KEPT_FOR, MatchedBy, NoMatch
from shared.domain.readings import Ignored
from shared.domain.sessions import withdrawn
from shared.domain.stripe_events import StripeEvent, parse_stripe_event
from shared.usecases.ports.errors import StoreUnavailableError
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.take_stripe_event import TakeStripeEvent, Took
from tests.builders import A_DAY, POLICIES, consent, plain_e164, session, visit
from tests.fakes import FakeLedger, FakeSessions, FakeTasks

FIXTURES = Path(__file__).parents[1] / "fixtures" / "stripe"
REFERENCE = "s_01J8ZQ4T9K"
NOW = datetime.fromtimestamp(1_793_900_005, UTC)


def fixture(name: str) -> dict:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def event(name: str = "checkout_paid", event_id: str | None = None, **changes) -> StripeEvent:
    body = fixture(name)
    body["data"]["object"].update(changes)
    body["id"] = event_id or body["id"]
    parsed = parse_stripe_event(body)
    assert isinstance(parsed, StripeEvent)
    return parsed


class World:
    def __init__(self, policies: Policies = POLICIES, *, known: bool = True):
        self.sessions, self.ledger, self.tasks = FakeSessions(), FakeLedger(), FakeTasks()
        if known:
            self.sessions.stored[REFERENCE] = session(REFERENCE, now=NOW)
        refresh = self.refresh = RefreshPurchase(
            sessions=self.sessions, ledger=self.ledger, tasks=self.tasks, policies=policies
        )
        self.take = TakeStripeEvent(
            sessions=self.sessions,
            ledger=self.ledger,
            refresh=refresh,
            policies=policies,
            e164=plain_e164,
        )

    def took(self, event: StripeEvent):
        return self.take(event, now=NOW)

    @property
    def purchase(self):
        [(purchase, _)] = self.ledger.purchases.values()
        return purchase

    @property
    def delivery(self):
        return self.purchase.deliveries[Destination.META]


def test_a_paid_checkout_becomes_a_queued_purchase():
    world = World()

    taken = world.took(event())

    assert taken.took is Took.RECORDED
    purchase = world.purchase
    assert (purchase.sale_key, purchase.amount_minor, purchase.currency) == (
        "pi_SYNTH1",
        5990,
        "EUR",
    )
    assert str(purchase.value) == "59.90"
    assert (purchase.session_id, purchase.matched_by) == (REFERENCE, MatchedBy.CLIENT_REFERENCE_ID)
    assert purchase.settled_at == datetime.fromtimestamp(1_793_900_000, UTC)
    assert world.delivery.state is State.QUEUED
    assert len(world.tasks.created) == 1


def test_the_same_event_five_times_is_one_purchase_and_one_task():
    world = World()

    took = [world.took(event()).took for _ in range(5)]

    assert took == [Took.RECORDED] + [Took.RECORDED_BEFORE] * 4
    assert len(world.ledger.purchases) == len(world.tasks.created) == 1


def test_two_events_of_one_payment_are_one_purchase():
    world = World()

    world.took(event(event_id="evt_A"))
    taken = world.took(event("checkout_async_succeeded", event_id="evt_B"))

    assert taken.took is Took.SALE_KNOWN
    assert len(world.ledger.purchases) == len(world.tasks.created) == 1


def test_completed_is_not_paid():
    world = World()

    taken = world.took(event("checkout_unpaid"))

    assert taken.took is Took.NO_MONEY_YET
    assert world.ledger.purchases == {}
    assert world.tasks.created == {}


def test_a_delayed_payment_counts_when_it_settles():
    world = World()
    world.took(event("checkout_unpaid", event_id="evt_A"))

    assert world.took(event("checkout_async_succeeded", event_id="evt_B")).took is Took.RECORDED
    assert world.delivery.state is State.QUEUED


@pytest.mark.parametrize("name", ["checkout_async_failed", "checkout_expired"])
def test_a_payment_that_failed_or_expired_is_no_money(name):
    world = World()

    assert world.took(event(name)).took is Took.NO_MONEY
    assert world.ledger.purchases == {}


def test_a_free_order_is_in_the_ledger_and_withheld():
    world = World()

    world.took(
        event(
            payment_status="no_payment_required", amount_total=0, payment_intent=None, currency=None
        )
    )

    assert world.purchase.sale_key == "cs_test_a1SYNTH0001"
    assert (world.delivery.state, world.delivery.reason) == (State.WITHHELD, Withheld.ZERO)
    assert world.tasks.created == {}


def test_a_test_payment_at_a_live_deployment_is_withheld():
    world = World(Policies(livemode=True))

    world.took(event())

    assert (world.delivery.state, world.delivery.reason) == (State.WITHHELD, Withheld.TEST_MODE)


def test_a_purchase_without_a_session_is_withheld_where_consent_is_required():
    world = World(known=False)

    world.took(event())

    assert world.purchase.no_match is NoMatch.UNKNOWN_SESSION
    assert world.delivery.reason == Withheld.NO_CONSENT


def test_what_is_personal_is_forgotten_once_no_match_can_come_any_more():
    world = World(known=False)
    world.took(event())
    assert world.purchase.customer.em

    [due] = world.ledger.due(NOW + PERSONAL_KEPT_FOR, limit=9)
    world.refresh(due.sale_key, now=NOW + PERSONAL_KEPT_FOR)

    assert world.purchase.customer.is_empty()
    assert world.ledger.due(NOW + 2 * PERSONAL_KEPT_FOR, limit=9) == []


def test_a_repeat_never_writes_what_the_sale_had_forgotten_or_given_up():
    """
    It names both again, and whoever reads between two writes would believe it.
    """
    world, free = World(), {"payment_status": "no_payment_required", "amount_total": 0}
    gone = event(payment_intent=None, currency=None, **free)
    world.took(gone)
    own = {"event_id": "order-7"}
    world.took(event(event_id="evt_1", id="cs_1", payment_intent="pi_1", metadata=own))
    other = event(event_id="evt_2", id="cs_2", payment_intent="pi_2", metadata=own)
    world.took(other)
    replace_entry, written = world.ledger.replace, []

    def replaced(entry, purchase):
        written.append(purchase)
        return replace_entry(entry, purchase)

    world.ledger.replace = replaced
    for repeated in (gone, other):
        world.took(replace(repeated, id=f"{repeated.id}_twin"))

    assert not [p for p in written if p.sale_key == gone.object["id"] and p.is_personal]
    assert not [p for p in written if p.sale_key == "pi_2" and p.event_id == "order-7"]
    assert world.ledger.find("pi_2").purchase.event_id != "order-7"


def test_a_purchase_without_a_session_is_sent_where_consent_is_not_required():
    world = World(Policies(livemode=False, consent=ConsentRule(required=False)), known=False)

    world.took(event(client_reference_id=None))

    assert world.purchase.no_match is NoMatch.NO_REFERENCE
    assert world.delivery.state is State.QUEUED
    assert world.purchase.customer.em


def test_a_shop_may_withhold_what_no_session_explains():
    policies = Policies(
        livemode=False, consent=ConsentRule(required=False), unmatched=Unmatched.WITHHOLD
    )
    world = World(policies, known=False)

    world.took(event())

    assert world.delivery.reason == Withheld.UNMATCHED


def test_consent_may_be_asked_in_some_countries_only():
    elsewhere = ConsentRule(regions=frozenset({"DE"}))
    world = World(Policies(livemode=False, consent=elsewhere), known=False)

    world.took(event())

    assert world.delivery.state is State.QUEUED


def test_a_reference_that_cannot_be_ours_is_called_malformed():
    world = World()

    world.took(event(client_reference_id="a/b"))

    assert world.purchase.no_match is NoMatch.MALFORMED_REFERENCE


def test_metadata_wins_over_the_client_reference():
    world = World()
    world.sessions.stored["s_by_the_server"] = session("s_by_the_server", now=NOW)

    world.took(event(metadata={"settled_session": "s_by_the_server"}))

    assert (world.purchase.session_id, world.purchase.matched_by) == (
        "s_by_the_server",
        MatchedBy.METADATA,
    )


def test_an_unknown_session_in_metadata_gives_way_to_a_known_reference():
    world = World()

    world.took(event(metadata={"settled_session": "s_nobody_knows"}))

    assert world.purchase.matched_by is MatchedBy.CLIENT_REFERENCE_ID


def test_the_shops_own_event_id_is_kept():
    world = World()

    world.took(event(metadata={"event_id": "order-1001"}))

    assert world.purchase.event_id == "order-1001"


def test_an_event_id_that_no_log_could_hold_is_derived_instead():
    world = World()

    world.took(event(metadata={"event_id": "order 1001 / ä"}))

    assert world.purchase.event_id.startswith("purchase-")


def test_the_derived_event_id_is_the_same_for_every_event_of_a_payment():
    one, other = World(), World()

    one.took(event(event_id="evt_A"))
    other.took(event("checkout_async_succeeded", event_id="evt_B"))

    assert one.purchase.event_id == other.purchase.event_id
    assert "pi_SYNTH1" not in one.purchase.event_id


def test_value_may_leave_out_tax_and_shipping():
    world = World(Policies(livemode=False, purchase_value=PurchaseValue.NET_OF_TAX_AND_SHIPPING))

    world.took(event())

    assert str(world.purchase.value) == "50.00"
    assert world.purchase.amount_minor == 5990


def test_a_withdrawn_session_withholds_the_purchase():
    world = World()
    world.sessions.stored[REFERENCE] = withdrawn(
        REFERENCE, consent(granted=False), now=NOW, kept_for=A_DAY
    )

    world.took(event())

    assert world.delivery.reason == Withheld.NO_CONSENT
    assert world.purchase.visit is None


def test_an_expired_session_explains_nothing():
    world = World()
    world.sessions.stored[REFERENCE] = session(REFERENCE, now=NOW, expires_at=NOW)

    world.took(event())

    assert world.purchase.no_match is NoMatch.UNKNOWN_SESSION


def test_an_event_that_is_a_week_old_is_expired():
    world = World()

    world.take(event(), now=NOW + timedelta(days=8))

    assert world.delivery.state is State.EXPIRED


def test_an_event_from_the_future_is_dated_now():
    world = World()

    world.take(event(), now=NOW - timedelta(days=1))

    assert world.purchase.event_time == int((NOW - timedelta(days=1)).timestamp())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mode": "setup"}, Ignored.SETUP),
        ({"mode": "?"}, Ignored.MALFORMED),
        ({"payment_status": "new_word"}, Ignored.MALFORMED),
        ({"amount_total": "5990"}, Ignored.MALFORMED),
        ({"amount_total": -1}, Ignored.MALFORMED),
        ({"currency": None}, Ignored.MALFORMED),
        ({"id": "a/b"}, Ignored.MALFORMED),
    ],
)
def test_what_cannot_be_read_as_money_is_ignored_with_a_reason(changes, reason):
    world = World()

    taken = world.took(event(**changes))

    assert (taken.took, taken.reason) == (Took.IGNORED, reason)
    assert world.ledger.receipts == {}


def test_another_accounts_sale_is_ignored_unless_a_visitor_of_ours_made_it():
    body = fixture("checkout_paid") | {"account": "acct_1"}
    ours, not_ours = World(), World(known=False)

    assert ours.took(parse_stripe_event(body)).took is Took.RECORDED
    assert not_ours.took(parse_stripe_event(body)).reason is Ignored.CONNECT


def test_a_queue_that_is_away_leaves_the_debt_written_down():
    world = World()
    world.tasks.away.go()

    assert world.took(event()).took is Took.RECORDED
    assert world.delivery.state is State.OWED
    assert world.purchase.relay_at is not None


def test_the_next_delivery_of_the_event_queues_what_the_first_could_not():
    world = World()
    world.tasks.away.go()
    world.took(event())
    world.tasks.away.back()

    assert world.took(event()).took is Took.RECORDED_BEFORE
    assert world.delivery.state is State.QUEUED
    assert len(world.tasks.created) == 1


def test_a_ledger_that_is_away_queues_nothing():
    world = World()
    world.ledger.away.go()

    with pytest.raises(StoreUnavailableError):
        world.took(event())
    assert world.tasks.created == {}


def test_the_visit_is_kept_as_it_was_when_the_money_settled():
    world = World()

    world.took(event())
    world.sessions.stored[REFERENCE] = session(REFERENCE, visit=visit(fbc="fb.1.1.later"))

    assert world.purchase.visit.fbc == "fb.1.1795500000000.IwAR0Case_Kept-1"
