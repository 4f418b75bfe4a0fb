"""
A dead letter in words, without the person: which fields it has, and none of their values.

What stands here may be pasted into a ticket. Hashes, addresses and user agents are personal too.
"""

from dataclasses import fields
from datetime import datetime

from shared.domain.audit import Act, Unfit
from shared.domain.conversions import Conversion
from shared.domain.dead_letters import DeadLetter
from shared.domain.meta_words import HASHED_FIELDS, PLAIN_FIELDS
from shared.domain.money import major_units
from shared.domain.purchases import as_conversion
from shared.domain.rejected_deliveries import RejectedDelivery
from shared.usecases.find_dead_letters import Dead, Kind

Words = dict[str, object]


def words_of(dead: Dead, *, now: datetime) -> Words:
    """Say what was refused, why, and whether a replay is possible."""
    match dead:
        case DeadLetter():
            return _event(dead, now)
        case RejectedDelivery():
            return _purchase(dead, now)


def fields_of(dead: Dead) -> Words:
    """Name the fields that the destination would be sent."""
    conversion = dead.conversion if isinstance(dead, DeadLetter) else as_conversion(dead.purchase)
    names = ("event_source_url", "referrer_url")
    return {
        "event": [name for name in names if getattr(conversion, name)],
        "user_data": _user_data(conversion),
        "custom_data": [
            field.name
            for field in fields(conversion.custom_data)
            if getattr(conversion.custom_data, field.name) not in (None, ())
        ],
    }


def _user_data(conversion: Conversion) -> list[str]:
    hashed = [name for name in HASHED_FIELDS if getattr(conversion.customer, name)]
    return hashed + [name for name in PLAIN_FIELDS if getattr(conversion, name)]


def _event(letter: DeadLetter, now: datetime) -> Words:
    event = letter.conversion
    return {
        "id": letter.key,
        "kind": Kind.EVENT,
        "state": letter.state,
        "event_name": event.event_name,
        "event_id": event.event_id,
        "happened_at": _instant(datetime.fromtimestamp(event.event_time, now.tzinfo)),
        "destination": letter.destination,
        "reason": letter.reason,
        "rejected_at": _instant(letter.rejected_at),
        "fbtrace_id": letter.fbtrace_id,
        "replay": _possible(letter.replayed(by="", now=now)),
        "acts": [_act(act) for act in letter.acts],
        "ended_at": _instant(letter.ended_at),
        "expires_at": _instant(letter.expires_at),
    }


def _purchase(rejected: RejectedDelivery, now: datetime) -> Words:
    purchase, delivery = rejected.purchase, rejected.delivery
    amount = major_units(purchase.settled_minor, purchase.currency)
    return {
        "id": rejected.key,
        "kind": Kind.PURCHASE,
        "state": delivery.state,
        "amount": str(amount),
        "currency": purchase.currency,
        "event_id": purchase.event_id,
        "happened_at": _instant(purchase.settled_at),
        "destination": rejected.destination,
        "reason": rejected.reason,
        "rejected_at": _instant(delivery.rejected_at),
        "fbtrace_id": delivery.fbtrace_id,
        "replay": _possible(rejected.repaired(by="", now=now)),
        "acts": [_act(act) for act in delivery.acts],
        "ended_at": _instant(delivery.accepted_at),
        "expires_at": None,
    }


def _possible(decided: object) -> str:
    return str(decided) if isinstance(decided, Unfit) else "possible"


def _act(act: Act) -> Words:
    return {"deed": act.deed, "by": act.by, "at": _instant(act.at), "reason": act.reason}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")
