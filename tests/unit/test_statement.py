"""The statement adds up, to the minor unit, whatever was sold and whatever came of it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.policies import Expired
from shared.domain.statement import FIGURES, Figure, is_figure, statements
from shared.domain.statement_lines import Fate, fate_of
from tests.builders import A_SECOND, NOW, purchase

META = Destination.META
REASONS = {
    State.OWED: [None, "throttled:4"],
    State.QUEUED: [None, "broken:2"],
    State.ACCEPTED: [None],
    State.REJECTED: ["100:2804003", "100:2804019", None],
    # The money of PART_OF_INVOICE stands in the line of its invoice; see its own test below.
    State.WITHHELD: [each for each in Withheld if each is not Withheld.PART_OF_INVOICE],
    State.EXPIRED: list(Expired),
}


def sale(key, state=State.ACCEPTED, reason=None, **changes):
    return purchase(key, deliveries={META: Delivery(state=state, reason=reason)}, **changes)


def one(*purchases):
    (found,) = statements(purchases, META)
    return found


@st.composite
def sales(draw):
    """Give purchases of all fates, currencies and sizes, some of them read twice."""
    amounts = st.integers(0, 10**15)
    found = []
    for key in draw(st.lists(st.integers(0, 40), max_size=25)):
        chosen = draw(st.sampled_from(State))
        amount = draw(amounts)
        found.append(
            sale(
                f"pi_{key}",
                chosen,
                draw(st.sampled_from(REASONS[chosen])),
                amount_minor=amount,
                stripe_part_minor=draw(st.none() | st.just(amount) | st.integers(0, amount)),
                refunded_minor=draw(st.just(0) | amounts),
                currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
                settled_at=NOW + draw(st.integers(0, 5)) * A_SECOND,
            )
        )
    return found


@given(sales())
def test_what_settled_is_what_became_of_it_in_every_currency(purchases):
    latest = {each.sale_key: each for each in purchases}
    found = statements(purchases, META)

    for statement in found:
        mine = [p for p in latest.values() if p.currency == statement.currency]
        assert statement.adds_up
        assert statement.settled.amount_minor == sum(p.settled_minor for p in mine)
        assert statement.settled.amount_minor == sum(statement.of(f).amount_minor for f in Fate)
        assert sorted(statement.settled.sale_keys) == sorted(p.sale_key for p in mine)
    assert {s.currency for s in found} == {p.currency for p in latest.values()}


@given(sales())
def test_every_figure_is_the_sum_of_the_sales_behind_it(purchases):
    other = {
        "refunded": lambda line: line.refunded_minor,
        "off_stripe": lambda line: line.amount_minor - line.settled_minor,
    }
    for statement in statements(purchases, META):
        for name, figure in statement.figures().items():
            amount = other.get(name, lambda line: line.settled_minor)
            behind = statement.behind(name)
            assert is_figure(name)
            assert figure.amount_minor == sum(map(amount, behind))
            assert sorted(figure.sale_keys) == sorted(line.sale_key for line in behind)


@given(sales(), st.lists(st.integers(41, 60), min_size=1, unique=True))
def test_sales_without_a_delivery_are_exactly_what_is_unexplained(purchases, lost):
    owed_nothing = [purchase(f"pi_{key}", deliveries={}) for key in lost]

    found = {s.currency: s for s in statements([*purchases, *owed_nothing], META)}

    assert not found["EUR"].adds_up
    assert sorted(found["EUR"].unexplained.sale_keys) == sorted(p.sale_key for p in owed_nothing)
    assert found["EUR"].unexplained.amount_minor == 5990 * len(lost)
    assert all(found[c].adds_up for c in found if c != "EUR")


@given(sales(), st.randoms(use_true_random=False))
def test_the_order_in_which_sales_are_read_changes_nothing(purchases, chance):
    once = list({each.sale_key: each for each in purchases}.values())
    shuffled = chance.sample(once, len(once))

    assert statements(once, META) == statements(shuffled, META)


def test_a_sale_in_two_places_does_not_add_up():
    statement = one(sale("pi_1"), sale("pi_2", amount_minor=0))
    twice = {**statement.parts, Fate.EXPIRED: {Expired.TOO_OLD: Figure(0, ("pi_2",))}}

    assert replace(statement, parts=twice).unexplained == Figure(0, ("pi_2",))


def test_money_that_leaks_from_a_figure_does_not_add_up():
    statement = one(sale("pi_1"))
    less = {**statement.parts, Fate.ACCEPTED: {"accepted": Figure(5989, ("pi_1",))}}

    assert replace(statement, parts=less).unexplained == Figure(1, ())


@pytest.mark.parametrize(
    ("state", "fate"),
    [
        (State.OWED, Fate.IN_FLIGHT),
        (State.QUEUED, Fate.IN_FLIGHT),
        (State.ACCEPTED, Fate.ACCEPTED),
        (State.REJECTED, Fate.REJECTED),
        (State.EXPIRED, Fate.EXPIRED),
        (State.WITHHELD, Fate.WITHHELD),
    ],
)
def test_a_state_of_the_delivery_is_a_fate_of_the_sale(state, fate):
    assert fate_of(state) is fate


def test_what_is_withheld_stands_by_reason_with_its_sales():
    statement = one(
        sale("in_1", State.WITHHELD, Withheld.RENEWAL, amount_minor=1000),
        sale("in_2", State.WITHHELD, Withheld.RENEWAL, amount_minor=250),
        sale("pi_3", State.WITHHELD, Withheld.NO_CONSENT, amount_minor=7),
    )

    assert statement.parts[Fate.WITHHELD] == {
        "no_consent": Figure(7, ("pi_3",)),
        "renewal": Figure(1250, ("in_1", "in_2")),
    }
    assert statement.of(Fate.WITHHELD) == Figure(1257, ("pi_3", "in_1", "in_2"))


def test_what_is_in_flight_stands_by_state_whatever_the_last_attempt_met():
    statement = one(sale("pi_1", State.OWED), sale("pi_2", State.QUEUED, "throttled:4"))

    assert set(statement.parts[Fate.IN_FLIGHT]) == {"owed", "queued"}
    assert statement.of(Fate.IN_FLIGHT).amount_minor == 2 * 5990


def test_a_free_order_is_counted_with_nothing():
    statement = one(sale("cs_1", State.WITHHELD, Withheld.ZERO, amount_minor=0))

    assert statement.settled == Figure(0, ("cs_1",))
    assert statement.of(Fate.WITHHELD) == Figure(0, ("cs_1",))


def test_money_outside_stripe_stands_beside_what_settled():
    statement = one(
        sale("in_mixed", amount_minor=5000, stripe_part_minor=3000),
        sale("in_bank", State.WITHHELD, "off_stripe", amount_minor=800, stripe_part_minor=0),
    )

    assert statement.settled.amount_minor == 3000
    assert statement.off_stripe == Figure(2800, ("in_bank", "in_mixed"))


def test_refunds_are_taken_from_the_net_and_from_nothing_else():
    statement = one(sale("pi_1", refunded_minor=1990), sale("pi_2"))

    assert statement.settled.amount_minor == 11980
    assert statement.of(Fate.ACCEPTED).amount_minor == 11980
    assert statement.refunded == Figure(1990, ("pi_1",))
    assert statement.net_minor == 9990


@pytest.mark.parametrize(
    ("currency", "written"), [("EUR", "59.90"), ("JPY", "5990"), ("KWD", "5.990")]
)
def test_an_amount_is_an_exact_decimal_of_its_currency(currency, written):
    statement = one(sale("pi_1", currency=currency))

    major = statement.major(statement.settled.amount_minor)
    assert isinstance(major, Decimal)
    assert str(major) == written


def test_no_sales_make_no_statement():
    assert statements([], META) == ()


@pytest.mark.parametrize(
    "name", [*FIGURES, "withheld:renewal", "expired:too_old", "in_flight:owed", "rejected:100:28"]
)
def test_a_figure_may_be_asked_for_by_its_name_and_its_part(name):
    assert is_figure(name)


def test_nothing_is_behind_a_figure_that_is_empty_today():
    assert one(sale("pi_1")).behind("withheld:renewal") == ()


@pytest.mark.parametrize(
    "name", ["", "sold", "withheld:", "withheld:renewel", "in_flight:accepted", "settled:pi_1"]
)
def test_a_slip_of_the_pen_is_no_figure(name):
    assert not is_figure(name)


def test_a_payment_that_pays_an_invoice_is_counted_with_the_invoice_alone():
    paid = Delivery().moved_to(State.WITHHELD, Withheld.PART_OF_INVOICE)
    part = purchase("pi_part").with_delivery(Destination.META, paid, NOW)

    [statement] = statements([purchase("in_1"), part], Destination.META)

    assert statement.settled.amount_minor == 5990
    assert statement.adds_up


def test_what_closed_after_an_attempt_that_died_stands_beside_as_maybe_told():
    """
    It is withheld, and nobody can say that Meta was not told: neither may be hidden.
    """

    def attempted(key, state, ambiguous):
        delivery = Delivery(state=state, reason="refunded", attempts=1, ambiguous=ambiguous)
        return purchase(key, deliveries={META: delivery})

    statement = one(
        attempted("pi_died", State.WITHHELD, 1),
        attempted("pi_late", State.EXPIRED, 2),
        attempted("pi_quiet", State.WITHHELD, 0),
        attempted("pi_told", State.ACCEPTED, 1),
        attempted("pi_waits", State.QUEUED, 1),
    )

    assert statement.adds_up
    assert statement.maybe_told == Figure(2 * 5990, ("pi_died", "pi_late"))
    assert [line.sale_key for line in statement.behind("maybe_told")] == ["pi_died", "pi_late"]
