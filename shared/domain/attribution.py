"""Attribution: which session explains a purchase that did not name one itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.aliases import Alias, first_session
from shared.domain.deliveries import State
from shared.domain.known import LATE_MATCH, Known, ids_of
from shared.domain.purchases import MatchedBy, Purchase
from shared.domain.sessions import Session

# One checkout recovered another, and so on; nobody comes back more often.
_MOST_RECOVERIES = 5


def session_ids_of(purchase: Purchase, aliases: Mapping[str, Alias]) -> tuple[str, ...]:
    """List the sessions that may explain a purchase, the closest first."""
    if not _may_match(purchase):
        return () if purchase.session_id is None else (purchase.session_id,)
    near = [alias for each in ids_of(purchase) if (alias := aliases.get(each))]
    found = [_session_of(alias, purchase) for alias in [*near, *_recovered_of(near, aliases)]]
    return tuple(dict.fromkeys(each for each in [*found, purchase.session_id] if each is not None))


def _may_match(purchase: Purchase) -> bool:
    """Let stand what a payment named itself; what was only inferred may be known better by now."""
    if purchase.session_id is None:
        return True
    is_told = purchase.is_attempted or purchase.released_at is not None
    return purchase.matched_by is MatchedBy.ALIAS and not is_told


def _session_of(alias: Alias, purchase: Purchase) -> str | None:
    is_customer = alias.stripe_id == purchase.stripe.customer_id
    until = purchase.settled_at if is_customer else None
    return alias.session_id or first_session(alias, until=until)


def _recovered_of(near: Sequence[Alias], aliases: Mapping[str, Alias]) -> list[Alias]:
    """List the checkouts that were recovered, step by step, as far as they are known."""
    found: list[Alias] = []
    for alias in near:
        before = aliases.get(alias.recovered_from or "")
        for _ in range(_MOST_RECOVERIES):
            if before is None:
                break
            found.append(before)
            before = aliases.get(before.recovered_from or "")
    return found


def attributed(purchase: Purchase, known: Known, now: datetime) -> Purchase:
    """Join a purchase with the closest session that is known and alive."""
    if not _may_match(purchase) or now - purchase.settled_at > LATE_MATCH:
        return purchase
    for session_id in session_ids_of(purchase, known.aliases):
        session = known.sessions.get(session_id)
        if session is None or not session.is_alive(now):
            continue
        if session_id != purchase.session_id:
            return _explained_by(purchase, session, known.aliases, now)
        break
    return purchase


def _is_only_of_the_customer(
    session_id: str, purchase: Purchase, aliases: Mapping[str, Alias]
) -> bool:
    """Tell whether nothing closer names a session: the plan's own checkout may, and another one."""
    ids = [each for each in ids_of(purchase) if each != purchase.stripe.customer_id]
    near = [alias for each in ids if (alias := aliases.get(each))]
    closer = [*near, *_recovered_of(near, aliases)]
    return session_id not in [_session_of(alias, purchase) for alias in closer]


def _explained_by(
    purchase: Purchase, session: Session, aliases: Mapping[str, Alias], now: datetime
) -> Purchase:
    goes_on_waiting = _is_only_of_the_customer(session.session_id, purchase, aliases)
    purchase = replace(
        purchase,
        session_id=session.session_id,
        matched_by=MatchedBy.ALIAS,
        no_match=None,
        visit=session.visit,
        consent=session.visit.consent,
        country=purchase.country or session.visit.country,
        judge_at=purchase.judge_at if goes_on_waiting else None,
    )
    for destination, delivery in purchase.deliveries.items():
        is_ours = delivery.state is State.REJECTED and not delivery.attempts
        if is_ours and not delivery.is_dropped:
            # We said too little of the person ourselves, and told nobody.
            purchase = purchase.with_delivery(destination, delivery.moved_to(State.OWED), now)
    return purchase
