"""
The stories that a Stripe account can tell, each by the verb of an account.

A story gives the sale keys that may be reported: payments that settled, of somebody who agreed.
"""

from collections.abc import Callable

from tests.stories.shop import ADA, BOB, EVE
from tests.stories.stripe_account import A_DAY, A_MINUTE, StripeAccount
from tests.stories.stripe_shapes import BEFORE_BASIL

Story = Callable[[StripeAccount], set[str]]
STORIES: dict[str, Story] = {}
# Several payments of one invoice, and money outside of Stripe, came with basil.
NEW_ONLY: set[str] = set()


def story(told: Story) -> Story:
    STORIES[told.__name__] = told
    return told


def since_basil(told: Story) -> Story:
    NEW_ONLY.add(told.__name__)
    return story(told)


def buys(account: StripeAccount, amount: int = 5990, currency: str = "eur", **session) -> dict:
    """Pay a Checkout by card, and give the PaymentIntent."""
    intent = account.intends(amount, currency, metadata=session.pop("on_intent", {}))
    named = {"client_reference_id": ADA, "currency": currency}
    checkout = account.checkout(amount, intent=intent, **named | session)
    account.receives(intent)
    account.completes(checkout, "paid")
    return intent


@story
def card(account):
    return {buys(account)["id"]}


@story
def card_with_the_reference_on_the_payment_too(account):
    return {buys(account, on_intent={"settled_session": ADA})["id"]}


@story
def card_whose_metadata_outranks_its_reference(account):
    named = {"settled_session": ADA}
    return {buys(account, metadata=named, client_reference_id=BOB)["id"]}


@story
def one_event_id_for_two_orders(account):
    own = {"event_id": "order-1"}
    return {buys(account, metadata=own)["id"], buys(account, 700, metadata=own)["id"]}


@story
def refused_consent(account):
    buys(account, client_reference_id=EVE)
    return set()


def _delayed(account, *, paid, **session):
    intent = account.intends(5990)
    checkout = account.checkout(5990, intent=intent, client_reference_id=ADA, **session)
    account.completes(checkout, "unpaid")
    account.waits(A_DAY)
    account.clears(checkout, paid=paid)
    return intent


@story
def delayed_and_paid(account):
    return {_delayed(account, paid=True)["id"]}


@story
def delayed_and_failed(account):
    _delayed(account, paid=False)
    return set()


@story
def free_order(account):
    checkout = account.checkout(0, client_reference_id=ADA)
    account.completes(checkout, "no_payment_required")
    return set()


@story
def expired(account):
    account.expires(account.checkout(5990, client_reference_id=ADA))
    return set()


@story
def recovered(account):
    lost = account.checkout(5990, client_reference_id=ADA)
    account.expires(lost)
    account.waits(60 * A_MINUTE)
    return {buys(account, client_reference_id=None, recovered_from=lost["id"])["id"]}


@story
def recovered_twice(account):
    lost = account.checkout(5990, client_reference_id=ADA)
    account.expires(lost)
    again = account.checkout(5990, recovered_from=lost["id"])
    account.expires(again)
    return {buys(account, client_reference_id=None, recovered_from=again["id"])["id"]}


@story
def recovered_subscription(account):
    lost = account.checkout(1900, client_reference_id=ADA, mode="subscription")
    account.expires(lost)
    return {account.subscribes(1900, recovered_from=lost["id"])["invoice"]}


@story
def subscription(account):
    return {account.subscribes(1900, client_reference_id=ADA)["invoice"]}


@story
def subscription_with_metadata(account):
    named = {"settled_session": ADA}
    return {account.subscribes(1900, on_subscription=named)["invoice"]}


@story
def trial(account):
    checkout = account.subscribes(1900, paid=0, client_reference_id=ADA)
    first = account.renews(checkout, 1900)
    account.is_paid(first, 1900)
    return {first["id"]}


@story
def renewals(account):
    checkout = account.subscribes(1900, client_reference_id=ADA)
    account.is_paid(account.renews(checkout, 1900), 1900)
    account.is_paid(account.renews(checkout, 700, reason="subscription_update"), 700)
    return {checkout["invoice"]}


@story
def renewal_paid_by_credit(account):
    checkout = account.subscribes(1900, client_reference_id=ADA)
    account.is_paid(account.renews(checkout, 1900, amount_due=0, starting_balance=-1900))
    return {checkout["invoice"]}


@story
def first_paid_outside_of_stripe(account):
    checkout = account.subscribes(1900, paid=0, client_reference_id=ADA)
    elsewhere = account.renews(checkout, 1900)
    account.is_paid(elsewhere, off_stripe=1900, says_so=False)
    by_card = account.renews(checkout, 1900)
    account.is_paid(by_card, 1900)
    return {by_card["id"]}


@since_basil
def partly_outside_of_stripe(account):
    checkout = account.subscribes(1900, paid=0, client_reference_id=ADA)
    mixed = account.renews(checkout, 1900)
    account.is_paid(mixed, 1200, off_stripe=700)
    return {mixed["id"]}


@since_basil
def paid_in_parts(account):
    checkout = account.subscribes(1900, paid=0, client_reference_id=ADA)
    split = account.renews(checkout, 1900)
    intents = account.is_paid(split, 1000, 900)
    account.refunds(intents[0], 400)
    return {split["id"]}


@story
def two_plans_of_one_customer(account):
    """Two visits led to a plan each; what led to a third one is for nobody to guess."""
    first = account.subscribes(1900, client_reference_id=ADA)
    account.waits(A_MINUTE)
    second = account.subscribes(2900, client_reference_id=BOB)
    account.waits(A_MINUTE)
    account.subscribes(3900)
    return {first["invoice"], second["invoice"]}


@story
def a_plan_before_any_visit(account):
    """Nobody led to the first plan, and what comes later does not explain what came before."""
    account.subscribes(1900)
    account.waits(10 * A_MINUTE)
    return {account.subscribes(2900, client_reference_id=ADA)["invoice"]}


@story
def payment_link_without_reference(account):
    buys(account, client_reference_id=None, payment_link="plink_1")
    return set()


@story
def payment_link_with_a_reference_of_others(account):
    buys(account, client_reference_id="order-7", payment_link="plink_1")
    return set()


@story
def receipt_invoice(account):
    intent = buys(account, invoice="in_Receipt1")
    receipt = account.invoice(None, 5990, "manual", id="in_Receipt1")
    receipt |= {"status": "paid", "amount_paid": 5990}
    receipt |= {"status_transitions": {"paid_at": account.now}}
    account.emits("invoice.paid", receipt)
    return {intent["id"]}


@story
def direct_with_our_mark(account):
    intent = account.intends(4200, metadata={"settled_session": ADA})
    account.receives(intent)
    return {intent["id"]}


@story
def direct_without_a_mark(account):
    account.receives(account.intends(4200))
    return set()


@story
def direct_captured_in_part(account):
    intent = account.intends(4200, metadata={"settled_session": ADA})
    account.holds(intent)
    account.receives(intent, 3000)
    return {intent["id"]}


@story
def refunded_in_part(account):
    intent = buys(account)
    account.refunds(intent, 2000)
    account.refunds(intent, 1000)
    return {intent["id"]}


@story
def refunded_in_full(account):
    intent = buys(account)
    account.waits(A_MINUTE)
    account.refunds(intent, 2000)
    account.refunds(intent, 3990)
    return {intent["id"]}


@story
def refund_that_failed(account):
    intent = buys(account)
    account.refund_fails(account.refunds(intent, 5990))
    return {intent["id"]}


@story
def refunded_renewal(account):
    checkout = account.subscribes(1900, client_reference_id=ADA)
    [intent] = account.is_paid(account.renews(checkout, 1900), 1900)
    account.refunds(intent, 1900)
    return {checkout["invoice"]}


@story
def disputed(account):
    lost, won = buys(account), buys(account, 7000)
    account.is_disputed(lost, ends="lost")
    account.is_disputed(won, ends="won")
    return {lost["id"], won["id"]}


@story
def connected_account(account):
    account.connected = "acct_1"
    intent = buys(account)
    account.refunds(intent, 1000)
    buys(account, client_reference_id="somebody-elses")
    return {intent["id"]}


@story
def connected_hold(account):
    account.connected = "acct_1"
    intent, checkout = _held(account)
    account.receives(intent, 4000)
    checkout |= {"payment_status": "paid"}
    return {intent["id"]}


@story
def other_mode(account):
    account.livemode = True
    buys(account)
    account.livemode = False
    return set()


@story
def yen(account):
    return {buys(account, 5990, "jpy")["id"]}


def _held(account, **session):
    intent = account.intends(5990)
    named = {"client_reference_id": ADA} | session
    checkout = account.checkout(5990, intent=intent, **named)
    account.holds(intent)
    account.completes(checkout, "unpaid")
    account.waits(60 * A_MINUTE)
    return intent, checkout


@story
def hold_captured(account):
    intent, checkout = _held(account)
    account.receives(intent)
    checkout |= {"payment_status": "paid"}
    return {intent["id"]}


@story
def hold_captured_in_part(account):
    intent, checkout = _held(account)
    account.receives(intent, 4000)
    checkout |= {"payment_status": "paid"}
    return {intent["id"]}


@story
def hold_of_a_recovered_checkout(account):
    lost = account.checkout(5990, client_reference_id=ADA)
    account.expires(lost)
    intent, _ = _held(account, client_reference_id=None, recovered_from=lost["id"])
    account.receives(intent)
    return {intent["id"]}


@story
def hold_released(account):
    account.releases(_held(account)[0])
    return set()


def tell(*names: str, version: str, customer: str | None = None) -> tuple[StripeAccount, set[str]]:
    """Let an account live through some stories, and give the sales that may be reported."""
    account, reportable = StripeAccount(version), set()
    for name in names:
        account.begins(name, customer)
        reportable |= STORIES[name](account)
    return account, reportable


def names_at(version: str) -> list[str]:
    return sorted(STORIES.keys() - (NEW_ONLY if version == BEFORE_BASIL else set()))
