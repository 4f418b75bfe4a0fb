"""
Settings: read once from the environment, whole, and fail closed.

Each function has its own frozen dataclass. A missing or malformed setting stops the start
with a SettingError that names it and says what to write.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from shared import environment
from shared.domain.consent import ConsentRule
from shared.environment import Env, optional, parsed

if TYPE_CHECKING:
    from shared.domain.policies import Policies


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where sessions and ledger are: Firestore, or one SQLite file on a laptop."""

    project: str
    database: str
    sqlite_path: str | None
    emulator: str | None

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            project=parsed(env, "GOOGLE_CLOUD_PROJECT", environment.project),
            database=parsed(env, "FIRESTORE_DATABASE", environment.database, "(default)"),
            sqlite_path=parsed(env, "STORE", environment.store, "firestore"),
            emulator=optional(env, "FIRESTORE_EMULATOR_HOST", environment.host_and_port),
        )


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """
    Where tasks go. `endpoint` is empty in production; `service_account` on a laptop.

    Several queues of a kind share its tasks: one dispatches 500 a second at most.
    """

    endpoint: str | None
    events_queues: tuple[str, ...]
    purchases_queues: tuple[str, ...]
    dispatch_url: str
    service_account: str | None

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            endpoint=optional(env, "CLOUD_TASKS_ENDPOINT", environment.host_and_port),
            events_queues=parsed(env, "EVENTS_QUEUE", environment.queue_names),
            purchases_queues=parsed(env, "PURCHASES_QUEUE", environment.queue_names),
            dispatch_url=parsed(env, "DISPATCH_URL", environment.url),
            service_account=optional(env, "TASKS_SERVICE_ACCOUNT", environment.service_account),
        )


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """
    `shed` names the events that are dropped where the queue or the budget is used up;
    `events_per_second` is that budget of one instance, None where there is none.
    """

    store: StoreSettings
    tasks: TaskSettings
    origins: frozenset[str]
    trusted_proxy_hops: int
    cookie_domain: str | None
    consent: ConsentRule
    session_kept_for: timedelta
    shed: frozenset[str]
    events_per_second: int | None

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            store=StoreSettings.from_env(env),
            tasks=TaskSettings.from_env(env),
            origins=parsed(env, "SHOP_ORIGINS", environment.origins),
            trusted_proxy_hops=parsed(env, "TRUSTED_PROXY_HOPS", environment.hops, "0"),
            cookie_domain=parsed(env, "COOKIE_DOMAIN", environment.domain_or_empty, "") or None,
            consent=consent_rule(env),
            session_kept_for=timedelta(days=parsed(env, "SESSION_DAYS", environment.days, "90")),
            shed=shed(env),
            events_per_second=parsed(env, "EVENT_BUDGET", environment.number_or_none, "none"),
        )


@dataclass(frozen=True, slots=True)
class StripeWebhookSettings:
    store: StoreSettings
    tasks: TaskSettings
    webhook_secrets: tuple[str, ...]
    policies: "Policies"

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            store=StoreSettings.from_env(env),
            tasks=TaskSettings.from_env(env),
            webhook_secrets=parsed(env, "STRIPE_WEBHOOK_SECRETS", environment.references),
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
            graph_url=parsed(env, "META_GRAPH_URL", environment.url, "https://graph.facebook.com"),
            api_version=parsed(env, "META_API_VERSION", environment.api_version, "v26.0"),
            dataset_id=parsed(env, "META_DATASET_ID", environment.digits),
            test_event_code=optional(env, "META_TEST_EVENT_CODE", environment.test_event_code),
            access_token=parsed(env, "META_ACCESS_TOKEN", environment.reference),
        )

    @property
    def events_url(self) -> str:
        return f"{self.graph_url}/{self.api_version}/{self.dataset_id}/events"


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """Stripe's API, for what no event can tell; `api_key` is a restricted key that only reads."""

    api_base: str
    api_key: str

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            api_base=parsed(env, "STRIPE_API_BASE", environment.url, "https://api.stripe.com"),
            api_key=parsed(env, "STRIPE_API_KEY", environment.reference),
        )


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """`shed` names the events that are dropped while the destination's rate is used up."""

    store: StoreSettings
    tasks: TaskSettings
    meta: MetaSettings
    stripe: StripeSettings
    policies: "Policies"
    shed: frozenset[str]

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            store=StoreSettings.from_env(env),
            tasks=TaskSettings.from_env(env),
            meta=MetaSettings.from_env(env),
            stripe=StripeSettings.from_env(env),
            policies=policies(env),
            shed=shed(env),
        )


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """`meta` is for the probe: the same token and dataset as `dispatch` has."""

    store: StoreSettings
    tasks: TaskSettings
    meta: MetaSettings
    stripe: StripeSettings
    policies: "Policies"

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            store=StoreSettings.from_env(env),
            tasks=TaskSettings.from_env(env),
            meta=MetaSettings.from_env(env),
            stripe=StripeSettings.from_env(env),
            policies=policies(env),
        )


def policies(env: Env) -> "Policies":
    # `collect` has none of these, and a third of our modules hangs on them.
    from shared.domain.policies import Policies, PurchaseValue, Unmatched  # noqa: PLC0415

    return Policies(
        livemode=parsed(env, "STRIPE_LIVEMODE", environment.flag, "true"),
        consent=consent_rule(env),
        unmatched=parsed(env, "UNMATCHED", environment.word(Unmatched), Unmatched.SEND),
        purchase_value=parsed(env, "PURCHASE_VALUE", environment.word(PurchaseValue), "total"),
        renewal_event=parsed(env, "RENEWAL_EVENT", environment.event_or_none, "none"),
        trial_event=parsed(env, "TRIAL_EVENT", environment.trial_event_or_none, "none"),
        refund_event=parsed(env, "REFUND_EVENT", environment.custom_event_or_none, "none"),
        direct_payments=parsed(env, "STRIPE_DIRECT_PAYMENTS", environment.flag, "false"),
        match_for=parsed(env, "MATCH_FOR", environment.wait, "15m"),
    )


def shed(env: Env) -> frozenset[str]:
    return parsed(env, "SHED_EVENTS", environment.events_or_none, "PageView")


def consent_rule(env: Env) -> ConsentRule:
    return ConsentRule(
        required=parsed(env, "CONSENT_REQUIRED", environment.flag, "true"),
        regions=parsed(env, "CONSENT_REGIONS", environment.countries, ""),
    )
