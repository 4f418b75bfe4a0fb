"""
What the stack will be, decided before anything starts: every address, setting and secret.

A setting that stands in the environment wins. Where it names an outside address (Meta, Stripe,
Cloud Tasks, Firestore), that address is used and no stand-in is started for it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scripts.local.addresses import free_ports, is_free
from shared import config
from shared.environment import SettingError

FUNCTIONS = ("collect", "stripe_webhook", "dispatch", "reconcile")


class Place(StrEnum):
    """All that has a port; the names that `--port` takes."""

    FIRESTORE = "firestore"
    CLOUD_TASKS = "cloud_tasks"
    CLOUD_TASKS_CONTROL = "cloud_tasks_control"
    STRIPE = "stripe"
    META = "meta"
    COLLECT = "collect"
    STRIPE_WEBHOOK = "stripe_webhook"
    DISPATCH = "dispatch"
    RECONCILE = "reconcile"
    SHOP = "shop"


# Where a setting names one of these, the place is outside and nothing of ours is started there.
_ADDRESS_SETTINGS = {
    "CLOUD_TASKS_ENDPOINT": Place.CLOUD_TASKS,
    "STRIPE_API_BASE": Place.STRIPE,
    "META_GRAPH_URL": Place.META,
}


class PlanError(Exception):
    """What was asked for does not fit together; the message says what to do."""


@dataclass(frozen=True)
class Options:
    """
    What the command line may choose. `store` is empty, firestore, sqlite or sqlite:PATH.

    `doors` are for drills: where a place has one, the functions know it by that port alone.
    """

    store: str = ""
    meta: bool = True
    shop: bool = True
    ports: Mapping[Place, int] = field(default_factory=dict)
    doors: Mapping[Place, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Where everything is, what is ours to start, and the settings of all functions."""

    options: Options
    ports: Mapping[Place, int]
    ours: frozenset[Place]
    settings: Mapping[str, str]

    def local(self, place: Place) -> str:
        return f"127.0.0.1:{self.ports[place]}"

    def url(self, place: Place) -> str:
        return f"http://{self.local(place)}"

    def plain(self, name: str) -> str:
        """Give the value of a secret setting, of several the first; a stand-in must know it."""
        reference = self.settings[name].split(",")[0].strip()
        value = reference.removeprefix("plain:")
        if value == reference:
            raise PlanError(f"{name} is kept elsewhere; the stand-ins need plain:VALUE")
        return value

    def ready(self) -> dict[str, str]:
        """Say what is where, in the words of the ready file."""
        settings = self.settings
        ready = {"project": settings["GOOGLE_CLOUD_PROJECT"]}
        if settings["STORE"] == "firestore":
            ready["firestore_emulator_host"] = settings["FIRESTORE_EMULATOR_HOST"]
        else:
            ready["store"] = settings["STORE"]
        ready["cloud_tasks"] = settings["CLOUD_TASKS_ENDPOINT"]
        ready["events_queue"] = settings["EVENTS_QUEUE"]
        ready["purchases_queue"] = settings["PURCHASES_QUEUE"]
        if Place.CLOUD_TASKS in self.ours:
            ready["cloud_tasks_control"] = self.url(Place.CLOUD_TASKS_CONTROL)
        ready |= {name: self.url(Place(name)) for name in FUNCTIONS}
        ready["stripe_webhook_secret"] = self.plain("STRIPE_WEBHOOK_SECRETS")
        ready["stripe_api"] = settings["STRIPE_API_BASE"]
        if self.options.meta:
            ready["meta"] = settings["META_GRAPH_URL"]
        if self.options.shop:
            ready["shop"] = self.url(Place.SHOP)
        return ready


def decide(options: Options, environment: Mapping[str, str], store: str, emulator: str) -> Plan:
    """
    Choose ports and secrets, and let the environment have the last word.

    `store` is `firestore` or `sqlite:PATH`; `emulator` is the `host:port` of one that runs
    already, or empty.
    """
    given = {name: value for name, value in environment.items() if value.strip()}
    if not options.meta and "META_GRAPH_URL" not in given:
        raise PlanError("--no-meta needs META_GRAPH_URL: the address of another Meta")
    _check_ports(options.ports)
    unchosen = [place for place in Place if place not in options.ports]
    free = free_ports(len(unchosen), taken=list(options.ports.values()))
    ports = {**options.ports, **dict(zip(unchosen, free, strict=True))}
    outside = {place for name, place in _ADDRESS_SETTINGS.items() if name in given}
    if emulator or store != "firestore":
        outside.add(Place.FIRESTORE)
    known_by = {**ports, **options.doors}
    defaults = _addresses(known_by) | _policy() | _secrets()
    project = given.get("GOOGLE_CLOUD_PROJECT", "demo-settled")
    defaults |= {
        "GOOGLE_CLOUD_PROJECT": project,
        "EVENTS_QUEUE": f"projects/{project}/locations/local/queues/events",
        "PURCHASES_QUEUE": f"projects/{project}/locations/local/queues/purchases",
    }
    settings = {name: given.get(name, value) for name, value in defaults.items()}
    settings["STORE"] = store
    if store == "firestore":
        host = emulator or f"127.0.0.1:{known_by[Place.FIRESTORE]}"
        settings["FIRESTORE_EMULATOR_HOST"] = host
    _check_settings({**given, **settings})
    return Plan(options, ports, frozenset(set(Place) - outside), settings)


def _check_ports(asked: Mapping[Place, int]) -> None:
    for place, port in asked.items():
        others = [other for other in asked if other != place and asked[other] == port]
        if others:
            raise PlanError(f"port {port} is asked for {place} and for {others[0]}; choose two")
        if not is_free(port):
            raise PlanError(f"port {port}, asked for {place}, is taken; choose another one")


def _check_settings(settings: Mapping[str, str]) -> None:
    """Read them as the functions will, so that a mistake is one line and no traceback."""
    for kind in (
        config.CollectSettings,
        config.StripeWebhookSettings,
        config.DispatchSettings,
        config.ReconcileSettings,
    ):
        try:
            kind.from_env(settings)
        except SettingError as error:
            raise PlanError(str(error)) from None


def _addresses(ports: Mapping[Place, int]) -> dict[str, str]:
    shop = ports[Place.SHOP]
    return {
        "CLOUD_TASKS_ENDPOINT": f"127.0.0.1:{ports[Place.CLOUD_TASKS]}",
        "DISPATCH_URL": f"http://127.0.0.1:{ports[Place.DISPATCH]}",
        "STRIPE_API_BASE": f"http://127.0.0.1:{ports[Place.STRIPE]}",
        "META_GRAPH_URL": f"http://127.0.0.1:{ports[Place.META]}",
        "SHOP_ORIGINS": f"http://127.0.0.1:{shop},http://localhost:{shop}",
    }


def _policy() -> dict[str, str]:
    return {
        "TRUSTED_PROXY_HOPS": "0",
        "STRIPE_LIVEMODE": "false",
        "META_API_VERSION": "v26.0",
        "META_DATASET_ID": "1234567890",
    }


def _secrets() -> dict[str, str]:
    return {
        "STRIPE_WEBHOOK_SECRETS": f"plain:whsec_{secrets.token_urlsafe(24)}",
        "STRIPE_API_KEY": f"plain:rk_test_{secrets.token_hex(16)}",
        "META_ACCESS_TOKEN": f"plain:EAA{secrets.token_hex(24)}",
    }
