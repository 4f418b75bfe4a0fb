"""stripe_webhook, put together: the signature, the ledger, and the queue of what it owes."""

from functools import partial

from shared.adapters.phonenumbers_e164 import to_e164
from shared.adapters.stripe_signature import verify
from shared.config import StripeWebhookSettings
from shared.http.stripe_endpoint import StripeEndpoint
from shared.usecases.refresh_purchase import RefreshPurchase
from shared.usecases.take_stripe_event import TakeStripeEvent
from shared.wiring import parts
from shared.wiring.stores import Stores


def endpoint(settings: StripeWebhookSettings, store: Stores) -> StripeEndpoint:
    sessions, ledger = store.sessions(), store.ledger()
    refresh = RefreshPurchase(sessions, ledger, parts.tasks(settings.tasks), settings.policies)
    return StripeEndpoint(
        take=TakeStripeEvent(
            sessions=sessions,
            ledger=ledger,
            refresh=refresh,
            policies=settings.policies,
            e164=to_e164,
        ),
        verify=verify,
        secrets=partial(parts.live_secrets, settings.webhook_secrets, parts.secrets()),
        project=settings.store.project,
        clock=parts.now,
    )
