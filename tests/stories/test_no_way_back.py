"""A later event only moves a purchase forward: the pairs are in unit/test_deliveries.py."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.deliveries import TRANSITIONS
from tests.fakes import FakeLedger
from tests.stories.cast import STORIES, buys, names_at, tell
from tests.stories.shop import EVE, Shop
from tests.stories.stripe_account import START, StripeAccount
from tests.stories.stripe_shapes import NEWEST


class Watched(FakeLedger):
    """A ledger that keeps every pair of states that was written over each other."""

    def __init__(self):
        super().__init__()
        self.moves = set()

    def replace(self, entry, purchase):
        was = {name: one.state for name, one in entry.purchase.deliveries.items()}
        written = super().replace(entry, purchase)
        if written:
            self.moves |= {(was[name], one.state) for name, one in purchase.deliveries.items()}
        return written


@settings(max_examples=300, deadline=None, database=None, print_blob=True)
@given(st.data())
def test_whatever_comes_next_a_purchase_moves_along_the_table_alone(data):
    names = data.draw(st.sets(st.sampled_from(names_at(NEWEST)), min_size=1, max_size=2))
    account, _ = tell(*sorted(names), version=NEWEST)
    shop = Shop(account, ledger=Watched())
    shop.now = shop.now.fromtimestamp(START + 4 * 86_400, shop.now.tzinfo)

    for event in data.draw(st.permutations(account.events * 2)):
        shop.gets(event)
        shop.dispatches()
    shop.comes_to_rest()

    for here, there in shop.ledger.moves:
        assert there is here or _leads(here, there), (here, there)


def _leads(here, there):
    """Follow the table, also over a state that was left again before it was written."""
    return there in TRANSITIONS[here] or any(
        there in TRANSITIONS[between] for between in TRANSITIONS[here]
    )


@pytest.mark.parametrize("name", sorted(STORIES))
def test_an_accepted_purchase_never_becomes_anything_else(name):
    account, reportable = tell(name, version=NEWEST)
    shop = Shop(account).hears()
    before = {key: shop.purchase(key).deliveries for key in reportable}
    shop.sessions.stored.clear()

    for event in account.events:
        shop.gets({**event, "id": f"{event['id']}again"})
    shop.reconciles()
    shop.comes_to_rest()

    assert {key: shop.purchase(key).deliveries for key in reportable} == before
    assert len(shop.told()) == len(reportable)


def test_a_withheld_purchase_is_never_told_for_a_repeat_alone():
    account = StripeAccount()
    account.begins("")
    buys(account, client_reference_id=EVE)
    shop = Shop(account).hears()

    for event in account.events:
        shop.gets({**event, "id": f"{event['id']}again"})
    shop.comes_to_rest()

    assert shop.row.reason == "no_consent"
    assert shop.told() == []
