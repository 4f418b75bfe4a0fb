"""What every store of dead letters does, whatever it is made of."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.audit import Act, Deed
from shared.domain.conversions import Destination
from shared.domain.custom_data import CustomData
from shared.domain.dead_letters import LetterState
from shared.domain.deliveries import Delivery, State
from shared.domain.outcomes import Rejected
from tests.builders import A_DAY, A_SECOND, ADA, AN_HOUR, NOW, conversion, letter, purchase

META = Destination.META
REPLAYED = Act(Deed.REPLAYED, "ada", NOW, "meta_100_2804019")


def rejected(key, **changes):
    delivery = Delivery().closed_by(Rejected("meta_100_2804003", "trace-9"), NOW)
    return purchase(key, **changes).with_delivery(META, delivery, NOW)


def keys(stores, since=NOW - A_DAY, until=NOW + A_DAY):
    return [each.key for each in stores.kept_letters.between(since, until)]


def rejected_keys(stores):
    return sorted(each.sale_key for each in stores.rejected_purchases.rejected_by(META))


def test_a_letter_is_read_back_as_it_was_kept(stores):
    cart = CustomData(value=Decimal("59.90"), currency="EUR", content_ids=("sku-1",))
    kept = letter(conversion=conversion(custom_data=cart), acts=(REPLAYED,))
    stores.dead_letters.keep(letter())
    entry = stores.kept_letters.find("d-1")
    stores.kept_letters.replace(entry, kept)

    assert entry.letter == letter()
    assert stores.kept_letters.find("d-1").letter == kept
    assert list(stores.kept_letters.between(NOW, NOW + A_SECOND)) == [kept]


def test_a_letter_that_was_never_kept_is_not_found(stores):
    assert stores.kept_letters.find("d-nobody") is None


def test_a_letter_that_is_refused_again_says_the_new_reason_and_keeps_what_persons_did(stores):
    stores.dead_letters.keep(letter())
    entry = stores.kept_letters.find("d-1")
    queued = entry.letter.replayed(by="ada", now=NOW)
    stores.kept_letters.replace(entry, queued)

    again = letter(reason="meta_100_7", rejected_at=NOW + AN_HOUR, fbtrace_id=None)
    stores.dead_letters.keep(again)

    found = stores.kept_letters.find("d-1").letter
    assert found == replace(again, acts=(REPLAYED,))
    assert keys(stores) == ["d-1"]


def test_a_field_that_a_later_refusal_lacks_does_not_stay_from_the_earlier_one(stores):
    stores.dead_letters.keep(letter())
    thin = letter(conversion=conversion(customer=replace(ADA, em=()), fbp=None), consent=None)
    stores.dead_letters.keep(thin)

    assert stores.kept_letters.find("d-1").letter == thin


@pytest.mark.parametrize("state", [LetterState.REPLAYED, LetterState.WITHHELD])
def test_what_a_replay_came_to_is_written_on_the_letter(stores, state):
    stores.dead_letters.keep(letter())

    stores.dead_letters.end("d-1", state, now=NOW + A_SECOND)

    found = stores.kept_letters.find("d-1").letter
    assert found == replace(letter(), state=state, ended_at=NOW + A_SECOND)


def test_the_end_of_a_replay_whose_letter_is_gone_makes_no_letter(stores):
    stores.dead_letters.end("d-1", LetterState.REPLAYED, now=NOW)

    assert stores.kept_letters.find("d-1") is None


def test_a_letter_is_replaced_only_by_who_read_it_last(stores):
    stores.dead_letters.keep(letter())
    mine, theirs = stores.kept_letters.find("d-1"), stores.kept_letters.find("d-1")

    assert stores.kept_letters.replace(theirs, theirs.letter.replayed(by="ada", now=NOW))
    assert not stores.kept_letters.replace(mine, mine.letter.dropped(by="bob", now=NOW))
    assert stores.kept_letters.find("d-1").letter.acts == (REPLAYED,)


def test_who_read_a_letter_before_it_was_refused_again_does_not_replace_it(stores):
    stores.dead_letters.keep(letter())
    entry = stores.kept_letters.find("d-1")
    stores.dead_letters.keep(letter(reason="meta_100_7"))

    assert not stores.kept_letters.replace(entry, entry.letter.dropped(by="bob", now=NOW))


def test_of_many_who_judge_the_same_letter_exactly_one_does(stores):
    stores.dead_letters.keep(letter())
    entry = stores.kept_letters.find("d-1")

    def judge(number):
        judged = entry.letter.replayed(by=f"operator-{number}", now=NOW)
        return stores.kept_letters.replace(entry, judged)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(judge, range(6))) == [False] * 5 + [True]


def test_the_letters_of_a_span_come_oldest_first_and_its_end_is_not_in_it(stores):
    """
    Equal instants in number, so that a page of the store ends between two of them.
    """
    for key in ("d-4", "d-2", "d-3", "d-1"):
        stores.dead_letters.keep(letter(key))
    stores.dead_letters.keep(letter("d-first", rejected_at=NOW - A_DAY))
    stores.dead_letters.keep(letter("d-half", rejected_at=NOW + timedelta(seconds=0.5)))
    stores.dead_letters.keep(letter("d-before", rejected_at=NOW - A_DAY - A_SECOND))
    stores.dead_letters.keep(letter("d-after", rejected_at=NOW + A_DAY))

    assert keys(stores) == ["d-first", "d-1", "d-2", "d-3", "d-4", "d-half"]
    assert keys(stores, NOW, NOW + A_SECOND) == ["d-1", "d-2", "d-3", "d-4", "d-half"]


def test_the_purchases_that_stand_rejected_are_found_and_no_others(stores):
    for number in range(5):
        stores.ledger.add(rejected(f"pi_{number}"))
    stores.ledger.add(purchase("pi_owed"))
    stores.ledger.add(purchase("pi_to_nobody", deliveries={}))
    accepted = purchase("pi_told", deliveries={META: Delivery(state=State.ACCEPTED)})
    stores.ledger.add(accepted)

    assert rejected_keys(stores) == [f"pi_{number}" for number in range(5)]


def test_a_purchase_that_was_repaired_is_no_longer_found(stores):
    stores.ledger.add(rejected("pi_1"))
    entry = stores.ledger.find("pi_1")
    owed = entry.purchase.deliveries[META].moved_to(State.OWED)
    stores.ledger.replace(entry, entry.purchase.with_delivery(META, owed, NOW))

    assert rejected_keys(stores) == []


def test_a_rejected_purchase_comes_without_the_person_and_with_all_that_was_done(stores):
    delivery = replace(rejected("pi_1").deliveries[META], acts=(REPLAYED,))
    kept = rejected("pi_1").with_delivery(META, delivery, NOW)
    stores.ledger.add(kept)

    assert list(stores.rejected_purchases.rejected_by(META)) == [kept.without_personal()]
