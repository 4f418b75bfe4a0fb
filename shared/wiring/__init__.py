"""
The composition root: this package alone knows every adapter.

Each builder reads its function's settings at once, so that a missing one stops the start, loads
what the first answer needs (`of_*`), and returns a maker of the endpoint: clients are made at the
first request, in the process that serves it (gunicorn imports a function before it forks). What
only some answers need is loaded with the first of them (`late`); what another function needs
never.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared import config
from shared.environment import Env
from shared.wiring.late import Once, present
from shared.wiring.undisturbed import undisturbed

if TYPE_CHECKING:
    from shared.http.dispatch_endpoint import DispatchEndpoint
    from shared.http.reconcile_endpoint import ReconcileEndpoint
    from shared.http.stripe_endpoint import StripeEndpoint
    from shared.wiring.warming import Respond

# ruff: noqa: PLC0415  A function loads its own parts, undisturbed, and nobody else's.

# Packages that only some answers need; that they are installed is asked at the start.
NEEDED_LATER: Final = {
    "collect": ("google.cloud.firestore", "phonenumbers"),
    "stripe_webhook": ("google.cloud.tasks_v2", "google.cloud.secretmanager", "phonenumbers"),
    "dispatch": ("google.cloud.tasks_v2", "google.cloud.secretmanager"),
    "reconcile": (
        "google.cloud.tasks_v2",
        "google.cloud.secretmanager",
        "phonenumbers",
        "requests",
    ),
}


@undisturbed
def collect(env: Env, tag: Path) -> "Callable[[], Respond]":
    settings = config.CollectSettings.from_env(env)
    present(*NEEDED_LATER["collect"])
    # tag.js, and beside it what it loads on pages that need it.
    scripts = {path.name: path.read_bytes() for path in sorted(tag.parent.glob("tag*.js"))}
    from shared.wiring.of_collect import endpoint

    return Once(undisturbed(lambda: endpoint(settings, scripts)))


@undisturbed
def stripe_webhook(env: Env) -> "Callable[[], StripeEndpoint]":
    settings = config.StripeWebhookSettings.from_env(env)
    present(*NEEDED_LATER["stripe_webhook"])
    from shared.wiring.of_stripe_webhook import endpoint
    from shared.wiring.stores import stores

    store = stores(settings.store)
    return Once(undisturbed(lambda: endpoint(settings, store)))


@undisturbed
def dispatch(env: Env) -> "Callable[[], DispatchEndpoint]":
    settings = config.DispatchSettings.from_env(env)
    present(*NEEDED_LATER["dispatch"])
    from shared.wiring.of_dispatch import endpoint
    from shared.wiring.stores import stores

    store = stores(settings.store)
    return Once(undisturbed(lambda: endpoint(settings, store)))


@undisturbed
def reconcile(env: Env) -> "Callable[[], ReconcileEndpoint]":
    settings = config.ReconcileSettings.from_env(env)
    present(*NEEDED_LATER["reconcile"])
    from shared.wiring.of_reconcile import endpoint
    from shared.wiring.stores import stores

    store = stores(settings.store)
    return Once(undisturbed(lambda: endpoint(settings, store)))
