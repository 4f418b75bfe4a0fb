"""dispatch, put together: events and their leave; a purchase's parts come with the first one."""

from typing import TYPE_CHECKING

from shared.adapters.task_bodies import decode
from shared.config import DispatchSettings
from shared.http.dispatch_endpoint import DispatchEndpoint
from shared.usecases.dispatch_events import DispatchEvents
from shared.usecases.heed_destination import HeedDestination
from shared.usecases.keep_events import KeepEvents
from shared.usecases.probe_destination import ProbeDestination
from shared.wiring import parts
from shared.wiring.late import LateDeadLetters, late
from shared.wiring.stores import Stores

if TYPE_CHECKING:
    from shared.usecases.dispatch_purchase import DispatchPurchase

# ruff: noqa: PLC0415  Most tasks carry events; what a purchase alone needs is loaded with one.


def endpoint(settings: DispatchSettings, store: Stores) -> DispatchEndpoint:
    sessions, destinations = store.sessions(), store.destinations()
    tasks, secret = parts.tasks(settings.tasks), parts.secrets()
    gateways = parts.gateways(settings.meta, secret)
    heed = HeedDestination(destinations, ProbeDestination(destinations, gateways, parts.now))

    def purchase() -> "DispatchPurchase":
        from shared.adapters.stripe_books import StripeApiBooks
        from shared.usecases.dispatch_purchase import DispatchPurchase
        from shared.usecases.note_outcome import NoteOutcome
        from shared.usecases.refresh_purchase import RefreshPurchase

        ledger = store.ledger()
        return DispatchPurchase(
            ledger=ledger,
            refresh=RefreshPurchase(sessions, ledger, tasks, settings.policies),
            books=StripeApiBooks(parts.stripe_api(settings.stripe, secret, parts.ASKED_FOR)),
            gateways=gateways,
            heed=heed,
            note=NoteOutcome(ledger, parts.now, parts.rest),
            policies=settings.policies,
            clock=parts.now,
        )

    return DispatchEndpoint(
        dispatch_events=DispatchEvents(
            sessions=sessions,
            keep=KeepEvents(LateDeadLetters(store.dead_letters), tasks, parts.now),
            gateways=gateways,
            heed=heed,
            policies=settings.policies,
            clock=parts.now,
            shed=settings.shed,
        ),
        dispatch_purchase=late(purchase),
        decode=decode,
        project=settings.store.project,
    )
