"""Settings: read whole, named when wrong, and never quoted."""

import pytest

from shared.config import (
    CollectSettings,
    DispatchSettings,
    ReconcileSettings,
    SettingError,
    StripeWebhookSettings,
)
from shared.domain.policies import PurchaseValue, Unmatched

QUEUES = "projects/p/locations/l/queues"
ENV = {
    "GOOGLE_CLOUD_PROJECT": "p",
    "EVENTS_QUEUE": f"{QUEUES}/events",
    "PURCHASES_QUEUE": f"{QUEUES}/purchases",
    "DISPATCH_URL": "https://dispatch.example",
    "SHOP_ORIGINS": "https://shop.example, https://www.shop.example/",
    "STRIPE_WEBHOOK_SECRETS": "projects/p/secrets/a/versions/latest, plain:whsec_b",
    "STRIPE_API_KEY": "projects/p/secrets/stripe/versions/latest",
    "META_DATASET_ID": "123",
    "META_ACCESS_TOKEN": "projects/p/secrets/meta/versions/7",
}
ALL = [CollectSettings, StripeWebhookSettings, DispatchSettings, ReconcileSettings]


@pytest.mark.parametrize("kind", ALL)
def test_what_is_not_given_has_the_documented_default(kind):
    settings = kind.from_env(ENV)

    assert settings.store.sqlite_path is None
    assert settings.tasks.endpoint is None


def test_defaults_fail_closed():
    collect, dispatch = CollectSettings.from_env(ENV), DispatchSettings.from_env(ENV)

    assert collect.consent.required
    assert collect.trusted_proxy_hops == 0
    assert collect.origins == {"https://shop.example", "https://www.shop.example"}
    assert dispatch.policies.livemode
    assert dispatch.policies.unmatched is Unmatched.SEND
    assert dispatch.policies.purchase_value is PurchaseValue.TOTAL
    assert collect.shed == dispatch.shed == {"PageView"}
    assert collect.events_per_second is None
    assert dispatch.meta.events_url == "https://graph.facebook.com/v26.0/123/events"


REQUIRED = {
    CollectSettings: [
        "GOOGLE_CLOUD_PROJECT",
        "EVENTS_QUEUE",
        "PURCHASES_QUEUE",
        "DISPATCH_URL",
        "SHOP_ORIGINS",
    ],
    StripeWebhookSettings: ["GOOGLE_CLOUD_PROJECT", "STRIPE_WEBHOOK_SECRETS"],
    DispatchSettings: [
        "GOOGLE_CLOUD_PROJECT",
        "META_DATASET_ID",
        "META_ACCESS_TOKEN",
        "STRIPE_API_KEY",
    ],
    ReconcileSettings: [
        "GOOGLE_CLOUD_PROJECT",
        "PURCHASES_QUEUE",
        # It probes with what dispatch sends with.
        "META_DATASET_ID",
        "META_ACCESS_TOKEN",
    ],
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in REQUIRED.items() for name in names]
)
def test_a_missing_setting_stops_the_start_and_names_itself(kind, name):
    for value in ({}, {name: ""}, {name: "  "}):
        env = {k: v for k, v in ENV.items() if k != name} | value
        with pytest.raises(SettingError, match=name):
            kind.from_env(env)


@pytest.mark.parametrize("kind", ALL)
def test_a_kind_of_task_has_one_queue_or_several(kind):
    several = ENV | {"EVENTS_QUEUE": f"{QUEUES}/events, {QUEUES}/events-2"}

    tasks = kind.from_env(several).tasks

    assert tasks.events_queues == (f"{QUEUES}/events", f"{QUEUES}/events-2")
    assert tasks.purchases_queues == (f"{QUEUES}/purchases",)


MALFORMED = [
    ("STORE", "postgres"),
    ("STORE", "sqlite:"),
    ("STORE", "firestore:x"),
    ("EVENTS_QUEUE", "events"),
    ("EVENTS_QUEUE", ","),
    ("EVENTS_QUEUE", f"{QUEUES}/events,{QUEUES}/events"),
    ("PURCHASES_QUEUE", f"{QUEUES}/purchases,purchases-2"),
    ("DISPATCH_URL", "dispatch.example"),
    ("SHOP_ORIGINS", "shop.example"),
    ("SHOP_ORIGINS", "https://shop.example/path"),
    ("TRUSTED_PROXY_HOPS", "-1"),
    ("TRUSTED_PROXY_HOPS", "two"),
    ("CONSENT_REQUIRED", "yes"),
    ("CONSENT_REGIONS", "Germany"),
    ("SESSION_DAYS", "0"),
    ("STRIPE_LIVEMODE", "live"),
    ("STRIPE_WEBHOOK_SECRETS", "whsec_pasted_by_mistake"),
    ("META_ACCESS_TOKEN", "EAAB_pasted_by_mistake"),
    ("META_API_VERSION", "26"),
    ("META_DATASET_ID", "my-dataset"),
    ("META_GRAPH_URL", "https://graph.facebook.com?token=x"),
    ("UNMATCHED", "maybe"),
    ("PURCHASE_VALUE", "net"),
    ("STRIPE_WEBHOOK_SECRETS", ","),
    ("SHOP_ORIGINS", ","),
    ("COOKIE_DOMAIN", "shop.example;x"),
    ("STRIPE_API_KEY", "rk_live_pasted_by_mistake"),
    ("RENEWAL_EVENT", "<script>"),
    ("TRIAL_EVENT", "Purchase"),
    ("TRIAL_EVENT", "purchase"),
    ("REFUND_EVENT", "purchase"),
    ("REFUND_EVENT", "<script>"),
    ("MATCH_FOR", "soon"),
    ("STRIPE_DIRECT_PAYMENTS", "some"),
    ("SHED_EVENTS", "<script>"),
    ("SHED_EVENTS", "PageView,Purchase"),
    ("EVENT_BUDGET", "0"),
    ("EVENT_BUDGET", "many"),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_a_malformed_setting_names_itself_and_not_its_value(name, value):
    raised = []
    for kind in ALL:
        try:
            kind.from_env(ENV | {name: value})
        except SettingError as error:
            raised.append(str(error))

    assert raised
    assert all(name in text for text in raised)
    # A secret put where its reference belongs must not reach the log of the failed start.
    assert not any("pasted_by_mistake" in text for text in raised)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("none", set()),
        ("", {"PageView"}),
        ("PageView, ViewContent ,", {"PageView", "ViewContent"}),
        ("pageview,Own", {"PageView", "Own"}),
    ],
)
def test_what_goes_first_is_a_list_of_names_or_none(value, names):
    assert CollectSettings.from_env(ENV | {"SHED_EVENTS": value}).shed == names
    assert DispatchSettings.from_env(ENV | {"SHED_EVENTS": value}).shed == names


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("none", None),
        ("None", None),
        ("purchase", "Purchase"),
        ("SUBSCRIBE", "Subscribe"),
        ("Renewed", "Renewed"),
    ],
)
def test_the_name_of_one_of_metas_events_is_spelled_as_meta_does(value, name):
    """Meta compares names exactly: "purchase" would be filed as another event."""
    settings = StripeWebhookSettings.from_env(ENV | {"RENEWAL_EVENT": value})

    assert settings.policies.renewal_event == name


def test_a_budget_is_a_number_of_events_a_second():
    assert CollectSettings.from_env(ENV | {"EVENT_BUDGET": "200"}).events_per_second == 200
