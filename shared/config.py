"""
Settings: read once from the environment, whole, and fail closed.

Each function has its own frozen dataclass. A missing or malformed setting stops the start
with a SettingError that names it and says what to write.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self, TypeVar

from shared.domain.consent import ConsentRule
from shared.domain.policies import Policies, PurchaseValue, Unmatched

Env = Mapping[str, str]
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class SettingError(Exception):
    """A setting is missing or malformed; the message names it."""


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where sessions and ledger are: Firestore, or one SQLite file on a laptop."""

    project: str
    database: str
    sqlite_path: str | None

    @classmethod
    def from_env(cls, env: Env) -> Self:
        store = env.get("STORE") or "firestore"
        kind, _, path = store.partition(":")
        if (kind, bool(path)) not in {("firestore", False), ("sqlite", True)}:
            raise SettingError(f"STORE is {store!r}; write firestore or sqlite:PATH")
        return cls(
            project=required(env, "GOOGLE_CLOUD_PROJECT"),
            database=env.get("FIRESTORE_DATABASE") or "(default)",
            sqlite_path=path or None,
        )


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """Where tasks go. `endpoint` is empty in production; `service_account` on a laptop."""

    endpoint: str | None
    events_queue: str
    purchases_queue: str
    dispatch_url: str
    service_account: str | None

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            endpoint=env.get("CLOUD_TASKS_ENDPOINT") or None,
            events_queue=parsed(env, "EVENTS_QUEUE", _queue),
            purchases_queue=parsed(env, "PURCHASES_QUEUE", _queue),
            dispatch_url=parsed(env, "DISPATCH_URL", _url),
            service_account=env.get("TASKS_SERVICE_ACCOUNT") or None,
        )


@dataclass(frozen=True, slots=True)
class CollectSettings:
    store: StoreSettings
    tasks: TaskSettings
    origins: frozenset[str]
    trusted_proxy_hops: int
    cookie_domain: str | None
    consent: ConsentRule
    session_kept_for: timedelta

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            store=StoreSettings.from_env(env),
            tasks=TaskSettings.from_env(env),
            origins=parsed(env, "SHOP_ORIGINS", _origins),
            trusted_proxy_hops=parsed(env, "TRUSTED_PROXY_HOPS", _hops, "0"),
            cookie_domain=(env.get("COOKIE_DOMAIN") or "").lstrip(".").lower() or None,
            consent=consent_rule(env),
            session_kept_for=timedelta(days=parsed(env, "SESSION_DAYS", _days, "90")),
        )


@dataclass(frozen=True, slots=True)
class StripeWebhookSettings:
    store: StoreSettings
    tasks: TaskSettings
    webhook_secrets: tuple[str, ...]
    policies: Policies

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            store=StoreSettings.from_env(env),
            tasks=TaskSettings.from_env(env),
            webhook_secrets=parsed(env, "STRIPE_WEBHOOK_SECRETS", _references),
            policies=policies(env),
        )


@dataclass(frozen=True, slots=True)
class MetaSettings:
    """Which dataset is told, in which version of the Graph API, and with what token."""

    graph_url: str
    api_version: str
    dataset_id: str
    test_event_code: str | None
    access_token: str

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            graph_url=parsed(env, "META_GRAPH_URL", _url, "https://graph.facebook.com"),
            api_version=parsed(env, "META_API_VERSION", _version, "v26.0"),
            dataset_id=parsed(env, "META_DATASET_ID", _digits),
            test_event_code=env.get("META_TEST_EVENT_CODE") or None,
            access_token=parsed(env, "META_ACCESS_TOKEN", _reference),
        )

    @property
    def events_url(self) -> str:
        return f"{self.graph_url}/{self.api_version}/{self.dataset_id}/events"


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    store: StoreSettings
    tasks: TaskSettings
    meta: MetaSettings
    policies: Policies

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            store=StoreSettings.from_env(env),
            tasks=TaskSettings.from_env(env),
            meta=MetaSettings.from_env(env),
            policies=policies(env),
        )


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    store: StoreSettings
    tasks: TaskSettings

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(store=StoreSettings.from_env(env), tasks=TaskSettings.from_env(env))


def policies(env: Env) -> Policies:
    return Policies(
        livemode=parsed(env, "STRIPE_LIVEMODE", _flag, "true"),
        consent=consent_rule(env),
        unmatched=parsed(env, "UNMATCHED", _word(Unmatched), Unmatched.SEND),
        purchase_value=parsed(env, "PURCHASE_VALUE", _word(PurchaseValue), PurchaseValue.TOTAL),
    )


def consent_rule(env: Env) -> ConsentRule:
    return ConsentRule(
        required=parsed(env, "CONSENT_REQUIRED", _flag, "true"),
        regions=parsed(env, "CONSENT_REGIONS", _countries, ""),
    )


def required(env: Env, name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingError(f"{name} is missing")
    return value


def parsed(env: Env, name: str, parse: Callable[[str], T], default: str | None = None) -> T:
    """Read one setting; an empty one counts as absent."""
    text = env.get(name, "").strip() or default
    if text is None:
        raise SettingError(f"{name} is missing")
    try:
        return parse(text)
    except ValueError as error:
        # Never the value: it may be a secret put in the wrong place.
        raise SettingError(f"{name} is malformed; {error}") from None


def _matching(pattern: str, advice: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.ASCII)

    def parse(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(advice)
        return text

    return parse


_queue = _matching(
    r"projects/[^/]+/locations/[^/]+/queues/[^/]+", "write projects/P/locations/L/queues/Q"
)
_version = _matching(r"v\d{1,3}\.\d{1,2}", "write a version like v26.0")
_digits = _matching(r"\d{1,30}", "write the dataset's number")
_reference = _matching(
    r"(?s:plain:.+)|projects/[^/]+/secrets/[^/]+/versions/[^/]+",
    "write projects/P/secrets/S/versions/latest, or plain:VALUE on a laptop",
)


def _references(text: str) -> tuple[str, ...]:
    return tuple(_reference(item.strip()) for item in text.split(",") if item.strip())


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text):
        raise ValueError("write an http(s) address without query")
    return text.rstrip("/")


def _origins(text: str) -> frozenset[str]:
    origins = [item.strip().rstrip("/").lower() for item in text.split(",") if item.strip()]
    if not all(re.fullmatch(r"https?://[^\s/?#@]+", origin) for origin in origins):
        raise ValueError("write origins like https://shop.example, separated by commas")
    return frozenset(origins)


def _countries(text: str) -> frozenset[str]:
    codes = [item.strip().upper() for item in text.split(",") if item.strip()]
    if not all(re.fullmatch(r"[A-Z]{2}", code) for code in codes):
        raise ValueError("write ISO 3166 codes like DE,FR, or leave it empty for everywhere")
    return frozenset(codes)


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("write true or false")
    return text.lower() == "true"


def _between(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise ValueError(f"write a whole number from {least} to {most}")
        return int(text)

    return parse


_hops = _between(0, 10)
_days = _between(1, 400)


def _word(kind: type[E]) -> Callable[[str], E]:
    def parse(text: str) -> E:
        if text not in [member.value for member in kind]:
            raise ValueError("write one of " + ", ".join(kind))
        return kind(text)

    return parse
