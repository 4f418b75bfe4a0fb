"""Stripe's events: the envelope of a verified body; what it says is read elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.domain.readings import Ignored, JsonObject
from shared.domain.refusals import Refusal
from shared.domain.stripe_json import is_stripe_id, stripe_id, text

_LATEST = 253_402_300_799  # The last second that a datetime can hold.
_LONGEST_TYPE = 100


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An authentic event, its envelope checked; `object` is still Stripe's plain JSON."""

    id: str
    type: str
    created_at: datetime
    livemode: bool
    api_version: str | None
    account: str | None
    object: JsonObject


def parse_stripe_event(body: object) -> StripeEvent | Ignored | Refusal:
    """Read the envelope of a verified body; thin events (v2.core.event) name no object."""
    if not isinstance(body, Mapping):
        return Refusal.UNREADABLE
    if body.get("object") == "v2.core.event":
        return Ignored.THIN_EVENT
    data = body.get("data")
    found = data.get("object") if isinstance(data, Mapping) else None
    event_id, kind, created = body.get("id"), body.get("type"), body.get("created")
    if not is_stripe_id(event_id) or not isinstance(kind, str) or not isinstance(found, Mapping):
        return Refusal.UNREADABLE
    if not isinstance(created, int) or isinstance(created, bool) or created <= 0:
        return Refusal.UNREADABLE
    return StripeEvent(
        id=str(event_id),
        type=kind[:_LONGEST_TYPE],
        created_at=datetime.fromtimestamp(min(created, _LATEST), UTC),
        livemode=body.get("livemode") is True,
        api_version=text(body.get("api_version")),
        account=stripe_id(body.get("account")),
        object=found,
    )
