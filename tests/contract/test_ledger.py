"""What every ledger does, whatever it is made of."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from shared.domain.aliases import Alias, SettledIntent
from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State
from shared.domain.readings import NoMoney
from shared.usecases.ports.ledger import Recorded
from tests.builders import A_SECOND, AN_HOUR, NOW, SESSION_ID, purchase, receipt

NO_ALIASES = ()
UNTIL = NOW + timedelta(days=400)
CS = Alias("cs_1", UNTIL, SESSION_ID, "pi_1")


def test_a_recorded_purchase_is_read_back_as_it_was(stores):
    assert stores.ledger.record(receipt(), purchase(), [CS]) is Recorded.NOW

    entry = stores.ledger.find("pi_1")
    assert entry is not None
    assert entry.purchase == purchase()


def test_a_purchase_that_was_never_recorded_is_not_found(stores):
    assert stores.ledger.find("pi_unknown") is None


def test_the_second_delivery_of_an_event_records_nothing(stores):
    """
    Stripe may deliver the same event twice; the money moved once.
    """
    stores.ledger.record(receipt(), purchase(), NO_ALIASES)

    again = stores.ledger.record(receipt(), purchase(amount_minor=1), NO_ALIASES)

    assert again is Recorded.BEFORE
    assert stores.ledger.find("pi_1").purchase.amount_minor == 5990


def test_another_event_of_a_known_sale_leaves_the_sale_as_it_is(stores):
    stores.ledger.record(receipt("evt_1"), purchase(), NO_ALIASES)

    other = stores.ledger.record(receipt("evt_2"), purchase(amount_minor=1), NO_ALIASES)

    assert other is Recorded.SALE_KNOWN
    assert stores.ledger.find("pi_1").purchase.amount_minor == 5990
    assert stores.ledger.record(receipt("evt_2"), purchase(), NO_ALIASES) is Recorded.BEFORE


def test_an_event_without_money_is_remembered_too(stores):
    noted = receipt("evt_9", sale_key=None)

    assert stores.ledger.record(noted, None, [CS]) is Recorded.NOW
    assert stores.ledger.record(noted, None, [CS]) is Recorded.BEFORE


def test_of_many_deliveries_at_once_exactly_one_is_the_first(stores):
    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(lambda _: stores.ledger.record(receipt(), purchase(), [CS]), range(8)))

    assert sorted(came) == sorted([Recorded.NOW] + [Recorded.BEFORE] * 7)


def test_of_many_events_for_one_sale_exactly_one_records_it(stores):
    with ThreadPoolExecutor(6) as pool:
        came = list(
            pool.map(
                lambda n: stores.ledger.record(receipt(f"evt_{n}"), purchase(), [CS]), range(6)
            )
        )

    assert sorted(came) == sorted([Recorded.NOW] + [Recorded.SALE_KNOWN] * 5)


def test_a_purchase_is_replaced_only_by_who_read_it_last(stores):
    stores.ledger.record(receipt(), purchase(), NO_ALIASES)
    mine, theirs = stores.ledger.find("pi_1"), stores.ledger.find("pi_1")

    assert stores.ledger.replace(theirs, replace(theirs.purchase, refunded_minor=100))
    assert not stores.ledger.replace(mine, replace(mine.purchase, refunded_minor=200))
    assert stores.ledger.find("pi_1").purchase.refunded_minor == 100


def test_of_many_who_read_the_same_exactly_one_replaces_it(stores):
    stores.ledger.record(receipt(), purchase(), NO_ALIASES)
    entry = stores.ledger.find("pi_1")

    def claim(number):
        return stores.ledger.replace(entry, replace(entry.purchase, refunded_minor=number))

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(claim, range(1, 7))) == [False] * 5 + [True]


def test_what_is_due_is_found_the_longest_waiting_first(stores):
    for number, wait in enumerate([1, 3, 2]):
        key = f"pi_{number}"
        stores.ledger.record(
            receipt(f"evt_{number}", key), purchase(key, relay_at=NOW - wait * AN_HOUR), NO_ALIASES
        )
    stores.ledger.record(
        receipt("evt_later", "pi_later"), purchase("pi_later", relay_at=NOW + AN_HOUR), NO_ALIASES
    )

    due = [p.sale_key for p in stores.ledger.due(NOW, limit=10)]

    assert due == ["pi_1", "pi_2", "pi_0"]
    assert [p.sale_key for p in stores.ledger.due(NOW, limit=1)] == ["pi_1"]


def test_a_closed_purchase_is_due_once_more_to_be_forgotten(stores):
    closed = purchase().with_delivery(
        Destination.META, Delivery().moved_to(State.WITHHELD, "zero"), NOW
    )
    stores.ledger.record(receipt(), closed, NO_ALIASES)

    assert list(stores.ledger.due(NOW + timedelta(days=8), limit=10)) == []
    assert list(stores.ledger.due(NOW + timedelta(days=9), limit=10)) == [closed]

    entry = stores.ledger.find("pi_1")
    stores.ledger.replace(entry, entry.purchase.without_personal())
    assert list(stores.ledger.due(NOW + timedelta(days=30), limit=10)) == []


async def test_the_purchases_of_a_session_are_its_own(stores):
    stores.ledger.record(receipt("evt_1", "pi_1"), purchase("pi_1"), NO_ALIASES)
    stores.ledger.record(
        receipt("evt_2", "pi_2"), purchase("pi_2", session_id="s_somebody_else"), NO_ALIASES
    )

    entries = await stores.releases.of_session(SESSION_ID)

    assert [entry.purchase.sale_key for entry in entries] == ["pi_1"]


async def test_a_checkout_is_known_by_its_alias_before_and_without_a_sale(stores):
    over = Alias("cs_1", UNTIL, SESSION_ID, ended=True, ended_without=NoMoney.FAILED)
    stores.ledger.record(receipt(sale_key=None), None, [over])

    assert await stores.releases.checkout("cs_1") == over
    assert await stores.releases.checkout("cs_unknown") is None


async def test_a_release_is_written_by_the_first_alone(stores):
    stores.ledger.record(receipt(), purchase(), NO_ALIASES)
    [entry] = await stores.releases.of_session(SESSION_ID)
    first = replace(entry.purchase, released_at=NOW)
    second = replace(entry.purchase, released_at=NOW + A_SECOND)

    assert await stores.releases.replace(entry, first)
    assert not await stores.releases.replace(entry, second)
    assert stores.ledger.find("pi_1").purchase == first


def test_a_purchase_is_added_once(stores):
    assert stores.ledger.add(purchase())
    assert not stores.ledger.add(purchase(amount_minor=1))
    assert stores.ledger.find("pi_1").purchase.amount_minor == 5990


def test_what_is_known_by_an_id_is_read_back_as_it_was(stores):
    known = Alias(
        "pi_1",
        UNTIL,
        SESSION_ID,
        "pi_1",
        settled=SettledIntent(5990, "EUR", NOW, livemode=False, event_id="evt_1"),
        refunds={"re_1": {"pending": 100}},
    )
    stores.ledger.record(receipt(), None, [known])

    assert stores.ledger.aliases(["pi_1", "pi_unknown"]) == {"pi_1": known}


def test_knowledge_is_merged_key_by_key_and_nothing_is_wiped_out(stores):
    stores.ledger.record(receipt("evt_1"), None, [Alias("pi_1", UNTIL, SESSION_ID)])
    refunds = [
        {"re_1": {"pending": 100}},
        {"re_2": {"succeeded": 50}},
        {"re_1": {"succeeded": 100}},
    ]
    for number, each in enumerate(refunds):
        alias = Alias("pi_1", UNTIL, refunds=each)
        stores.ledger.record(receipt(f"evt_r{number}", None), None, [alias])
    stores.ledger.record(receipt("evt_9", None), None, [Alias("pi_1", UNTIL, sale_key="pi_1")])

    known = stores.ledger.aliases(["pi_1"])["pi_1"]

    assert (known.session_id, known.sale_key) == (SESSION_ID, "pi_1")
    assert known.refunds == {
        "re_1": {"pending": 100, "succeeded": 100},
        "re_2": {"succeeded": 50},
    }


def test_knowledge_that_comes_with_a_known_sale_is_kept_too(stores):
    stores.ledger.record(receipt("evt_1"), purchase(), NO_ALIASES)
    stores.ledger.record(receipt("evt_2"), purchase(), [Alias("in_1", UNTIL, payments={"pi_1": 5})])

    assert stores.ledger.aliases(["in_1"])["in_1"].payments == {"pi_1": 5}
