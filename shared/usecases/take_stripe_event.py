"""Take a Stripe event: write down what it proves or says, then bring its sales up to date."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.aliases import Alias
from shared.domain.conversions import Destination
from shared.domain.customer import E164
from shared.domain.deliveries import State
from shared.domain.evidence import Evidence, evidence_of, names_its_own_sale, settlement_of
from shared.domain.known import waiting_for
from shared.domain.matching import Match, match, references
from shared.domain.merging import merged
from shared.domain.new_purchases import new_purchase
from shared.domain.policies import Policies
from shared.domain.purchases import MatchedBy, NoMatch, Purchase, Source
from shared.domain.readings import Ignored, Link, NoMoney, Reading, Settlement
from shared.domain.sessions import Session
from shared.domain.stripe_events import StripeEvent
from shared.domain.stripe_readers import read
from shared.usecases.ports.errors import PortError
from shared.usecases.ports.ledger import Entry, Ledger, Receipt, Recorded
from shared.usecases.ports.sessions import Sessions
from shared.usecases.refresh_purchase import Refreshed, RefreshPurchase, refresh_all

# Stripe resends by hand for 30 days; a receipt must outlive the last repeat, or the same
# event is read twice. The sale key would still stop it.
RECEIPT_KEPT_FOR = timedelta(days=60)
_TRIES = 5


class Took(StrEnum):
    """What came of an authentic event; every one of them is answered 2xx."""

    RECORDED = "recorded"
    RECORDED_BEFORE = "recorded_before"
    SALE_KNOWN = "sale_known"
    NO_MONEY_YET = "no_money_yet"
    NO_MONEY = "no_money"
    NOTED = "noted"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to Stripe, and what the log line says."""

    took: Took
    sale_key: str | None = None
    reason: str | None = None
    delivery: State | None = None
    match: MatchedBy | NoMatch | None = None


@dataclass(frozen=True, slots=True)
class TakeStripeEvent:
    """Ports and policies of `stripe_webhook`, and of what `reconcile` finds at Stripe."""

    sessions: Sessions
    ledger: Ledger
    refresh: RefreshPurchase
    policies: Policies
    e164: E164
    destinations: tuple[Destination, ...] = (Destination.META,)

    def __call__(
        self, event: StripeEvent, *, now: datetime, source: Source = Source.WEBHOOK
    ) -> Taken:
        """Record an event once, whatever it is; raise a PortError if that failed."""
        reading = read(event.type, event.object, event.created_at)
        if isinstance(reading, Ignored):
            return Taken(Took.IGNORED, reason=reading)
        matched = self._match(reading, now)
        is_ours = event.account is None or isinstance(matched, Match)
        if not is_ours and names_its_own_sale(reading):
            # Another account's sale on a Connect endpoint, and no visitor of ours led to it.
            return Taken(Took.IGNORED, reason=Ignored.CONNECT)
        evidence = evidence_of(reading, event, matched, now)
        purchase = self._purchase(reading, event, matched, source, now) if is_ours else None
        recorded = self.ledger.record(
            _receipt(event, reading, evidence, now), purchase, evidence.aliases
        )
        if recorded is not Recorded.NOW and purchase is not None:
            # Also for a repeat: the first may have come no further than the receipt.
            self._merge(purchase, now)
        if purchase is not None and purchase.stripe.subscription_id is None:
            # Its own sale alone; who waits in a checkout behind it hears nothing of this.
            refreshed = self._refreshed(purchase.sale_key, recorded, now)
        else:
            refreshed = self._follow_up(evidence, event, source, now)
        return _taken(reading, recorded, purchase, refreshed)

    def _match(self, reading: Reading, now: datetime) -> Match | NoMatch:
        if not isinstance(reading, Settlement | Link):
            return NoMatch.NO_REFERENCE
        named = list(references(reading.references))
        found = self.sessions.find(named) if named else {}
        alive: dict[str, Session] = {k: s for k, s in found.items() if s.is_alive(now)}
        return match(reading.references, alive)

    def _purchase(
        self,
        reading: Reading,
        event: StripeEvent,
        matched: Match | NoMatch,
        source: Source,
        now: datetime,
    ) -> Purchase | None:
        """Make a purchase of money that is ours; a PaymentIntent without our mark may not be."""
        if not isinstance(reading, Settlement):
            return None
        if not (reading.is_marked or self.policies.direct_payments):
            return None
        return new_purchase(
            reading,
            event,
            matched,
            policies=self.policies,
            destinations=self.destinations,
            e164=self.e164,
            source=source,
            now=now,
        )

    def _follow_up(
        self, evidence: Evidence, event: StripeEvent, source: Source, now: datetime
    ) -> list[Refreshed]:
        """
        Bring every sale up to date that this event bears on, through recovered checkouts too.

        Everybody writes first and reads afterwards; so of two events that need each other,
        at least the later one sees both.
        """
        aliases: dict[str, Alias] = {}
        further = {*evidence.ids}
        while further:
            aliases |= self.ledger.aliases(sorted(further))
            further = {each for alias in aliases.values() for each in alias.recovered_by}
            further -= aliases.keys()
        self._add_what_was_waiting(aliases, event, source, now)
        keys = [*evidence.sale_keys, *waiting_for(aliases.values(), now)]
        return refresh_all(self.refresh, keys, now=now)

    def _refreshed(self, sale_key: str, recorded: Recorded, now: datetime) -> list[Refreshed]:
        """Bring a sale up to date; a new one is due for the relay where that fails."""
        try:
            return refresh_all(self.refresh, [sale_key], now=now)
        except PortError:
            if recorded is not Recorded.NOW:
                raise
            return []

    def _merge(self, told: Purchase, now: datetime) -> None:
        """
        Add what this event knows of a sale that another event has recorded.

        Brought up to date before it is written: the event names again what the sale has given up
        or forgotten since, and somebody may read it before the refresh that follows.
        """
        for _ in range(_TRIES):
            entry = self.ledger.find(told.sale_key)
            if entry is None:
                return
            joined = merged(entry.purchase, told)
            if joined == entry.purchase:
                return
            current = self.refresh.current(Entry(joined, entry.version), now)
            if current == entry.purchase or self.ledger.replace(entry, current):
                return

    def _add_what_was_waiting(
        self, aliases: dict[str, Alias], event: StripeEvent, source: Source, now: datetime
    ) -> None:
        """Make a purchase of a PaymentIntent whose money came before anybody knew whose it is."""
        for alias in aliases.values():
            settlement = settlement_of(alias)
            if settlement is None:
                continue
            proof = replace(
                event,
                id=alias.settled.event_id if alias.settled else event.id,
                created_at=settlement.settled_at,
                livemode=alias.settled.livemode if alias.settled else event.livemode,
            )
            purchase = new_purchase(
                settlement,
                proof,
                # Its refreshing will find the session by the alias.
                NoMatch.NO_REFERENCE,
                policies=self.policies,
                destinations=self.destinations,
                e164=self.e164,
                source=source,
                now=now,
            )
            self.ledger.add(purchase)


def _taken(
    reading: Reading, recorded: Recorded, purchase: Purchase | None, refreshed: list[Refreshed]
) -> Taken:
    if recorded is Recorded.BEFORE:
        sale_key = purchase.sale_key if purchase else None
        return Taken(Took.RECORDED_BEFORE, sale_key)
    if isinstance(reading, Link):
        waits = reading.says in (NoMoney.UNPAID, NoMoney.SUBSCRIPTION)
        return Taken(Took.NO_MONEY_YET if waits else Took.NO_MONEY, reason=reading.says)
    if purchase is None:
        return Taken(Took.NOTED)
    now_is = next(
        (r.purchase for r in refreshed if r.purchase.sale_key == purchase.sale_key), purchase
    )
    delivery = next(iter(now_is.deliveries.values()))
    return Taken(
        Took.RECORDED if recorded is Recorded.NOW else Took.SALE_KNOWN,
        purchase.sale_key,
        reason=delivery.reason,
        delivery=delivery.state,
        match=now_is.matched_by or now_is.no_match,
    )


def _receipt(event: StripeEvent, reading: Reading, evidence: Evidence, now: datetime) -> Receipt:
    return Receipt(
        stripe_event_id=event.id,
        type=event.type,
        object_id=evidence.ids[0] if evidence.ids else None,
        sale_key=reading.sale_key if isinstance(reading, Settlement) else None,
        recorded_at=now,
        expires_at=now + RECEIPT_KEPT_FOR,
    )
