"""Settings: read whole, named when wrong, and never quoted."""

import pytest

from shared.config import (
    CollectSettings,
    DispatchSettings,
    ReconcileSettings,
    StripeWebhookSettings,
)
from shared.domain.policies import PurchaseValue, Unmatched
from shared.environment import SettingError

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
def test_a_missing_setting_stops_the_start_and_says_what_to_write(kind, name):
    for value in ({}, {name: ""}, {name: "  "}):
        env = {k: v for k, v in ENV.items() if k != name} | value
        with pytest.raises(SettingError, match=f"^{name} is missing; write "):
            kind.from_env(env)


@pytest.mark.parametrize("kind", ALL)
def test_a_kind_of_task_has_one_queue_or_several(kind):
    several = ENV | {"EVENTS_QUEUE": f"{QUEUES}/events, {QUEUES}/events-2"}

    tasks = kind.from_env(several).tasks

    assert tasks.events_queues == (f"{QUEUES}/events", f"{QUEUES}/events-2")
    assert tasks.purchases_queues == (f"{QUEUES}/purchases",)


MALFORMED = [
    ("GOOGLE_CLOUD_PROJECT", "My Shop"),
    ("FIRESTORE_DATABASE", "(default)/x"),
    ("FIRESTORE_EMULATOR_HOST", "http://127.0.0.1:8080"),
    ("CLOUD_TASKS_ENDPOINT", "localhost"),
    ("TASKS_SERVICE_ACCOUNT", "serviceAccount:tasks@p.iam.gserviceaccount.com"),
    ("META_TEST_EVENT_CODE", "TEST 1"),
    ("META_TEST_EVENT_CODE", "none"),
    ("STORE", "postgres"),
    ("STORE", "sqlite:"),
    ("STORE", "firestore:x"),
    ("EVENTS_QUEUE", "events"),
    ("EVENTS_QUEUE", ","),
    ("EVENTS_QUEUE", f"{QUEUES}/events,{QUEUES}/events"),
    ("PURCHASES_QUEUE", f"{QUEUES}/purchases,purchases-2"),
    ("EVENTS_QUEUE", f"{QUEUES}/ev ents"),
    ("DISPATCH_URL", "dispatch.example"),
    ("DISPATCH_URL", "https://dispatch.example:99999"),
    ("SHOP_ORIGINS", "shop.example"),
    ("SHOP_ORIGINS", "https://shop.example/path"),
    ("SHOP_ORIGINS", "https://*.shop.example"),
    ("SHOP_ORIGINS", "https://müller.example"),
    ("SHOP_ORIGINS", "https://shop.example:port"),
    ("SHOP_ORIGINS", "https://shop.example:99999"),
    ("SHOP_ORIGINS", "https://a.example https://b.example"),
    ("TRUSTED_PROXY_HOPS", "-1"),
    ("TRUSTED_PROXY_HOPS", "two"),
    ("CONSENT_REQUIRED", "yes"),
    ("CONSENT_REGIONS", "Germany"),
    # Nobody comes from these, so nobody would be asked for consent.
    ("CONSENT_REGIONS", "EU"),
    ("CONSENT_REGIONS", "UK"),
    ("CONSENT_REGIONS", "DE,XX"),
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
    # Every browser refuses a cookie for these.
    ("COOKIE_DOMAIN", "com"),
    ("COOKIE_DOMAIN", "co.uk"),
    ("COOKIE_DOMAIN", "-"),
    ("STRIPE_API_KEY", "rk_live_pasted_by_mistake"),
    ("RENEWAL_EVENT", "<script>"),
    ("TRIAL_EVENT", "Purchase"),
    ("TRIAL_EVENT", "purchase"),
    ("REFUND_EVENT", "purchase"),
    ("REFUND_EVENT", "<script>"),
    ("MATCH_FOR", "soon"),
    # Longer than Meta waits; and beyond the calendar.
    ("MATCH_FOR", "7d"),
    ("MATCH_FOR", "9999999d"),
    ("STRIPE_DIRECT_PAYMENTS", "some"),
    ("SHED_EVENTS", "<script>"),
    ("SHED_EVENTS", "PageView,Purchase"),
    ("SHED_EVENTS", "purchase"),
    ("EVENT_BUDGET", "0"),
    ("EVENT_BUDGET", "many"),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_a_malformed_setting_says_its_name_and_what_to_write_and_not_its_value(name, value):
    raised = []
    for kind in ALL:
        try:
            kind.from_env(ENV | {name: value})
        except SettingError as error:
            raised.append(str(error))

    assert raised
    assert all(text.startswith(f"{name} is malformed; ") for text in raised)
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


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://SHOP.example/", "https://shop.example"),
        # A browser leaves out the port that its scheme has anyway.
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("https://shop.example:80", "https://shop.example:80"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_read_as_browsers_send_it(written, sent):
    assert CollectSettings.from_env(ENV | {"SHOP_ORIGINS": written}).origins == {sent}


@pytest.mark.parametrize("written", ["DE,FR,gb", " de, fr ,GB "])
def test_regions_are_countries(written):
    consent = CollectSettings.from_env(ENV | {"CONSENT_REGIONS": written}).consent

    assert consent.regions == {"DE", "FR", "GB"}
    assert consent.asks("de")
    assert not consent.asks("US")


def test_a_cookie_domain_may_be_a_part_of_the_shop_s_own():
    for written in ("shop.example", ".shop.example", "a.shop.co.uk"):
        domain = CollectSettings.from_env(ENV | {"COOKIE_DOMAIN": written}).cookie_domain

        assert domain == written.lstrip(".")
