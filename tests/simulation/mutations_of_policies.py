"""Mistakes about what the shop chose: each policy, once forgotten or once misread."""

from dataclasses import replace
from itertools import count

from shared.adapters import cloud_tasks
from shared.domain import policies, releases, sales, stripe_invoices, task_names
from shared.domain.consent import ConsentRule
from shared.domain.policies import Unmatched
from shared.domain.purchases import Purchase
from shared.domain.readings import Kind
from shared.domain.shedding import Budget
from shared.usecases import collect_events, dispatch_purchase, refresh_purchase
from shared.usecases.take_stripe_event import TakeStripeEvent
from tests.simulation.manners import Answer, Manner
from tests.simulation.mutations import everybody_agrees, invents, mutation_where, set_to, tells
from tests.simulation.plans import Plan

_NO_CONSENT_NEEDED = {"CONSENT_REQUIRED": "false"}
_NET = {"PURCHASE_VALUE": "net_of_tax_and_shipping"}
_HELD = tells("hold_captured", "hold_captured_in_part", "hold_of_a_recovered_checkout")
_RENEWED = tells("renewals", "refunded_renewal", "renewal_paid_by_credit")

# CONSENT_REQUIRED, CONSENT_REGIONS, UNMATCHED.


@mutation_where(sharpened=set_to(CONSENT_REGIONS="FR", CONSENT_REQUIRED="true"))
def ask_nobody_whose_country_is_unknown(patch):
    patch.setattr(
        ConsentRule, "asks", lambda self, country: self.required and country in self.regions
    )


@mutation_where(sharpened=set_to(**_NO_CONSENT_NEEDED))
def take_silence_for_a_no_where_nobody_asks(patch):
    patch.setattr(ConsentRule, "asks", lambda *_: True)


@mutation_where(sharpened=set_to(**_NO_CONSENT_NEEDED, UNMATCHED="withhold"))
def tell_what_no_session_explains(patch):
    judge = policies.judge

    def lax(purchase, rules, **named):
        return judge(purchase, replace(rules, unmatched=Unmatched.SEND), **named)

    patch.setattr(sales, "judge", lax)


def _come_from_elsewhere(plan: Plan) -> Plan:
    """Let nobody say anything, and come from where nobody asks, whoever lives where one must."""
    silent = Manner(Answer.NOTHING, "US")
    there = set_to(CONSENT_REQUIRED="true", CONSENT_REGIONS="FR")(plan)
    return replace(there, manners={**plan.manners, "ada": silent, "bob": silent})


@mutation_where(_HELD, _come_from_elsewhere)
def judge_by_the_country_of_the_visit(patch):
    up_to_date = sales.with_checkout

    def stays_at_home(purchase, aliases):
        return replace(up_to_date(purchase, aliases), country=purchase.country)

    patch.setattr(sales, "with_checkout", stays_at_home)


# PURCHASE_VALUE.


@mutation_where(invents, set_to(**_NET))
def report_the_whole_price(patch):
    patch.setattr(sales, "value_of", lambda purchase, _policy: purchase.settled_minor)


@mutation_where(invents, set_to(**_NET))
def forget_the_tax_of_a_hold(patch):
    patch.setattr(sales, "with_checkout", lambda purchase, _aliases: purchase)


# RENEWAL_EVENT, TRIAL_EVENT.


def _called(patch, event_name_of):
    patch.setattr(policies, "event_name_of", event_name_of)
    patch.setattr(dispatch_purchase, "event_name_of", event_name_of)


@mutation_where(_RENEWED, set_to(RENEWAL_EVENT="Renewal"))
def call_a_renewal_a_purchase(patch):
    named = policies.event_name_of

    def generous(purchase, rules):
        return "Purchase" if named(purchase, rules) == "Renewal" else named(purchase, rules)

    _called(patch, generous)


@mutation_where(_RENEWED, set_to(RENEWAL_EVENT="none"))
def tell_of_renewals_though_nobody_asked(patch):
    named = policies.event_name_of
    _called(patch, lambda purchase, rules: named(replace(purchase, kind=Kind.FIRST), rules))


def _come_back_to_their_renewal(plan: Plan) -> Plan:
    """Let all be quiet but for the thank-you pages of those who agree."""
    quiet = replace(plan.weather, fails=0.0, crashes=0.0, waits=0.0)
    told = replace(set_to(RENEWAL_EVENT="Purchase")(plan), weather=quiet, episodes=())
    return everybody_agrees(told)


@mutation_where(invents, _come_back_to_their_renewal)
def let_the_pixel_tell_of_a_renewal(patch):
    unless_late = releases._unless_late
    patch.setattr(
        releases,
        "_unless_late",
        lambda purchase, *args: unless_late(replace(purchase, kind=Kind.FIRST), *args),
    )


@mutation_where(invents, set_to(TRIAL_EVENT="StartTrial"))
def take_every_free_start_for_a_trial(patch):
    patch.setattr(
        stripe_invoices,
        "_starts_free",
        lambda invoice: invoice.get("billing_reason") == "subscription_create",
    )


# STRIPE_DIRECT_PAYMENTS.


@mutation_where(tells("direct_without_a_mark"), set_to(STRIPE_DIRECT_PAYMENTS="false"))
def take_every_direct_payment(patch):
    make = TakeStripeEvent._purchase

    def takes_all(self, *args):
        rules = replace(self.policies, direct_payments=True)
        return make(replace(self, policies=rules), *args)

    patch.setattr(TakeStripeEvent, "_purchase", takes_all)


@mutation_where(_RENEWED, set_to(STRIPE_DIRECT_PAYMENTS="true", **_NO_CONSENT_NEEDED))
def take_a_part_of_an_invoice_for_a_sale(patch):
    patch.setattr(sales, "is_part_of_an_invoice", lambda *_: False)


# MATCH_FOR.


@mutation_where(sharpened=set_to(**_NO_CONSENT_NEEDED, MATCH_FOR="2h"))
def wait_for_no_session(patch):
    patch.setattr(Purchase, "awaited_until", lambda *_: None)


# REFUND_EVENT.


@mutation_where(tells("refunded_in_part", "refunded_in_full"), set_to(REFUND_EVENT="Refunded"))
def tell_of_a_refund_each_time_it_is_noticed(patch):
    times, of_refund = count(), task_names.of_refund
    named, told = refresh_purchase.owed_refund_event, replace
    patch.setattr(task_names, "of_refund", lambda key: f"{of_refund(key)}-{next(times)}")
    patch.setattr(
        refresh_purchase,
        "owed_refund_event",
        lambda purchase, rules: named(told(purchase, refund_queued_at=None), rules),
    )


# What is learnt late, or asked for.


@mutation_where(sharpened=set_to(**_NO_CONSENT_NEEDED))
def give_up_what_said_too_little_of_its_buyer(patch):
    patch.setattr(sales, "_reopened", lambda purchase, _now: purchase)


def _forgets_tasks(plan: Plan) -> Plan:
    soon = replace(plan.queues.purchases, max_attempts=3)
    return replace(plan, queues=replace(plan.queues, purchases=soon))


@mutation_where(tells("partly_outside_of_stripe", "first_paid_outside_of_stripe"), _forgets_tasks)
def ask_stripe_once_and_never_again(patch):
    looks_at = Purchase.looks_at

    def once(self, delivery, now):
        asked = self.asks_though_withheld(delivery) and delivery.queued_at is not None
        return None if asked else looks_at(self, delivery, now)

    patch.setattr(Purchase, "looks_at", once)


# EVENTS_QUEUE, EVENT_BUDGET, SHED_EVENTS.


def _shares_its_queues(plan: Plan) -> Plan:
    return replace(plan, queues=replace(plan.queues, shards=3, grows_at=None), answers_lost=0.2)


@mutation_where(sharpened=_shares_its_queues)
def choose_a_queue_by_turns(patch):
    turns = count()
    patch.setattr(cloud_tasks, "shard_of", lambda _, queues: queues[next(turns) % len(queues)])


def _is_crowded(plan: Plan) -> Plan:
    chosen = {"EVENT_BUDGET": "1", "SHED_EVENTS": "PageView"}
    return replace(set_to(**chosen)(plan), crowd=12)


@mutation_where(sharpened=_is_crowded)
def ignore_the_budget(patch):
    patch.setattr(Budget, "is_used_up", lambda *_: False)


@mutation_where(sharpened=_is_crowded)
def shed_within_the_budget(patch):
    patch.setattr(Budget, "is_used_up", lambda *_: True)


@mutation_where(sharpened=_is_crowded)
def shed_what_nobody_named(patch):
    patch.setattr(collect_events, "split", lambda events, _shed: ([], list(events)))
