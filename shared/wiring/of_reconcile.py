"""reconcile, put together: the relay, which runs often; its other jobs' parts come with them."""

from functools import partial
from typing import TYPE_CHECKING

from shared.config import ReconcileSettings
from shared.http.reconcile_endpoint import ReconcileEndpoint
from shared.usecases.probe_destinations import ProbeDestinations
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.relay_deliveries import RelayDeliveries
from shared.wiring import parts
from shared.wiring.late import late
from shared.wiring.stores import Stores

if TYPE_CHECKING:
    from shared.usecases.make_statement import MakeStatement
    from shared.usecases.reconcile_stripe import ReconcileStripe

# ruff: noqa: PLC0415  What a job alone needs is loaded with the job.


def endpoint(settings: ReconcileSettings, store: Stores) -> ReconcileEndpoint:
    sessions, ledger, destinations = store.sessions(), store.ledger(), store.destinations()
    secret = parts.secrets()
    refresh = RefreshPurchase(sessions, ledger, parts.tasks(settings.tasks), settings.policies)
    relay = RelayDeliveries(ledger, refresh, destinations)

    def ask_stripe() -> "ReconcileStripe":
        from shared.adapters.phonenumbers_e164 import to_e164
        from shared.adapters.stripe_api import API_VERSION
        from shared.adapters.stripe_lists import StripeApiLists
        from shared.domain.purchases import Source
        from shared.usecases.reconcile_stripe import ReconcileStripe
        from shared.usecases.take_stripe_event import TakeStripeEvent

        take = TakeStripeEvent(sessions, ledger, refresh, settings.policies, to_e164)
        return ReconcileStripe(
            lists=StripeApiLists(parts.stripe_api(settings.stripe, secret, parts.WALKED_FOR)),
            known=store.known(),
            cursors=store.cursors(),
            take=partial(take, source=Source.RECONCILE),
            clock=parts.now,
            api_version=API_VERSION,
        )

    def statement() -> "MakeStatement":
        from shared.usecases.make_statement import MakeStatement

        return MakeStatement(store.settled_purchases(), parts.now)

    return ReconcileEndpoint(
        relay=relay,
        probe=ProbeDestinations(
            destinations, parts.late_gateways(settings.meta, secret), relay, parts.now
        ),
        stripe=late(ask_stripe),
        statement=late(statement),
        project=settings.store.project,
        clock=parts.now,
    )
