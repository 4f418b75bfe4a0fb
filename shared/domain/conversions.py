"""Conversions: one item for one destination, whatever it came from, in nobody's dialect yet."""

from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.consent import Consent
from shared.domain.custom_data import CustomData
from shared.domain.customer import HashedCustomer
from shared.domain.events import Event
from shared.domain.landing import scrubbed
from shared.domain.sessions import Visit


class Destination(StrEnum):
    META = "meta"


class ActionSource(StrEnum):
    """Where it happened, as Meta says it (server-event parameters, `action_source`)."""

    WEBSITE = "website"
    SYSTEM_GENERATED = "system_generated"


@dataclass(frozen=True, slots=True)
class Conversion:
    """
    What a destination may be told of one event or purchase.

    `event_time` is whole Unix seconds and never changes between attempts, nor do
    `event_id` and `event_name`: together they are what Meta deduplicates by.
    """

    event_name: str
    event_id: str
    event_time: int
    action_source: ActionSource
    event_source_url: str | None = None
    referrer_url: str | None = None
    custom_data: CustomData = field(default_factory=CustomData)
    customer: HashedCustomer = field(default_factory=HashedCustomer)
    fbp: str | None = None
    fbc: str | None = None
    client_ip_address: str | None = None
    client_user_agent: str | None = None

    def without_personal(self) -> "Conversion":
        """Forget the person, and all that a page may have said of one; keep what happened."""
        return Conversion(self.event_name, self.event_id, self.event_time, self.action_source)


@dataclass(frozen=True, slots=True)
class EventsTask:
    """
    A batch of conversions on its way from `collect` to `dispatch`, with the leave to tell.

    `unexplained` counts the answers to it that may never change. `letter` is the key of the dead
    letter that this is a replay of, if it is one.
    """

    session_id: str | None
    consent: Consent | None
    country: str | None
    conversions: tuple[Conversion, ...]
    destination: Destination = Destination.META
    unexplained: int = 0
    letter: str | None = None

    @property
    def batches(self) -> tuple["EventsTask", ...]:
        return (self,)


@dataclass(frozen=True, slots=True)
class EventsGroup:
    """
    Batches of several visitors in one task, all for one destination.

    They share the way and nothing else: each has its own leave, and is judged by itself.
    """

    batches: tuple[EventsTask, ...]

    @property
    def destination(self) -> Destination:
        return self.batches[0].destination


@dataclass(frozen=True, slots=True)
class PurchaseTask:
    """Names a delivery to attempt; everything else is read from the ledger at that moment."""

    sale_key: str
    destination: Destination = Destination.META


Work = EventsTask | EventsGroup | PurchaseTask


def from_event(event: Event, visit: Visit) -> Conversion:
    """Join what happened with who it was."""
    return Conversion(
        event_name=event.event_name,
        event_id=event.event_id,
        event_time=event.event_time,
        action_source=ActionSource.WEBSITE,
        event_source_url=scrubbed(event.page.url),
        referrer_url=scrubbed(event.page.referrer),
        custom_data=event.custom_data,
        customer=event.customer,
        fbp=visit.fbp,
        fbc=visit.fbc,
        client_ip_address=visit.client_ip,
        client_user_agent=visit.user_agent,
    )
