"""Consent: what was granted, how we know, and what it lets us do."""

from datetime import UTC, datetime

import pytest

from shared.domain.consent import ConsentRule, ConsentSource, denied_by_gpc, parse_consent
from shared.domain.refusals import Refusal
from tests.builders import NOW, consent

GRANTED = {"ad_storage": "granted", "ad_user_data": "granted", "ad_personalization": "denied"}
SECONDS = int(NOW.timestamp())


def test_no_record_is_no_consent_and_no_refusal():
    assert parse_consent(None, NOW) is None


def test_what_is_granted_is_granted_and_nothing_else_is():
    read = parse_consent(GRANTED | {"source": "tcf", "at": SECONDS - 60}, NOW)

    assert (read.ad_storage, read.ad_user_data, read.ad_personalization) == (True, True, False)
    assert read.source is ConsentSource.TCF
    assert read.at == datetime.fromtimestamp(SECONDS - 60, UTC)


def test_what_is_missing_is_denied():
    read = parse_consent({"ad_storage": "granted"}, NOW)

    assert read.lets_us_store
    assert not read.lets_us_tell
    assert (read.source, read.at) == (ConsentSource.API, NOW)


def test_googles_other_signals_are_let_pass():
    assert parse_consent(GRANTED | {"analytics_storage": "denied"}, NOW).lets_us_tell


def test_consent_given_in_the_future_was_given_now():
    assert parse_consent(GRANTED | {"at": SECONDS + 900}, NOW).at == NOW


@pytest.mark.parametrize(
    "raw",
    [
        "granted",
        [],
        True,
        {"ad_storage": "GRANTED"},
        {"ad_storage": True},
        {"ad_storage": ["granted"]},
        {"marketing": "granted"},
        GRANTED | {"source": "guess"},
        GRANTED | {"source": 1},
        GRANTED | {"at": SECONDS * 1_000},
        GRANTED | {"at": "now"},
        GRANTED | {"at": True},
        GRANTED | {"at": -1},
    ],
    ids=str,
)
def test_an_unreadable_consent_is_seen_and_not_guessed_at(raw):
    assert parse_consent(raw, NOW) is Refusal.BAD_CONSENT


def test_global_privacy_control_denies_everything():
    refusal = denied_by_gpc(NOW)

    assert not refusal.lets_us_store
    assert not refusal.lets_us_tell
    assert refusal.source is ConsentSource.GPC


RULES = [
    (ConsentRule(), None, True),
    (ConsentRule(), "US", True),
    (ConsentRule(required=False), "FR", False),
    (ConsentRule(regions=frozenset({"FR", "DE"})), "FR", True),
    (ConsentRule(regions=frozenset({"FR", "DE"})), "fr", True),
    (ConsentRule(regions=frozenset({"FR", "DE"})), "US", False),
    (ConsentRule(regions=frozenset({"FR", "DE"})), None, True),
]


@pytest.mark.parametrize(("rule", "country", "asks"), RULES)
def test_consent_is_asked_where_the_shop_says_and_where_nobody_knows(rule, country, asks):
    assert rule.asks(country) is asks
    assert rule.may_store(None, country) is not asks
    assert rule.may_tell(None, country) is not asks


def test_a_refusal_counts_even_where_nobody_asks():
    rule = ConsentRule(required=False)

    assert not rule.may_store(consent(granted=False), "US")
    assert not rule.may_tell(consent(ad_user_data=False), "US")
