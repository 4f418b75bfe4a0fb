"""
Meta's rules for one server event, apart from its user_data and custom_data.

Source: the server-event parameter page of the Conversions API. Strict holds what the page calls
required; lenient takes what the live API was seen to take.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scripts.local.meta.custom_data import check_custom_data
from scripts.local.meta.refusals import (
    IN_THE_FUTURE,
    TOO_OLD,
    EventRefusedError,
    too_strict_for_meta,
    wrong,
)
from scripts.local.meta.user_data import check_user_data

ACTION_SOURCES = frozenset(
    [
        "email",
        "website",
        "app",
        "phone_call",
        "chat",
        "physical_store",
        "system_generated",
        "business_messaging",
        "other",
    ]
)
KNOWN_KEYS = frozenset(
    [
        "event_name",
        "event_time",
        "user_data",
        "action_source",
        "event_source_url",
        "event_id",
        "custom_data",
        "referrer_url",
        "opt_out",
        "data_processing_options",
        "data_processing_options_country",
        "data_processing_options_state",
        "original_event_data",
        "attribution_data",
        "customer_segmentation",
        "app_data",
        "messaging_channel",
        "advanced_measurement_table",
    ]
)
_KINDS: Mapping[str, tuple[type, str]] = {
    "event_source_url": (str, "a string"),
    "event_id": (str, "a string"),
    "custom_data": (dict, "an object"),
    "referrer_url": (str, "a string"),
    "opt_out": (bool, "a boolean"),
    "data_processing_options": (list, "a list"),
    "original_event_data": (dict, "an object"),
}
# "LDU" names a state by number: 0 lets Meta find it, the others begin at California.
_LDU_STATES = frozenset({0, *range(1000, 1014)})
_LDU_COUNTRIES = frozenset({0, 1})
# Thirteen digits are milliseconds: as seconds they lie after the year 5100.
_SURELY_MILLISECONDS = 10**11


@dataclass(frozen=True)
class Rules:
    """How strict to be, and what time it is."""

    now: datetime
    strict: bool = True
    # Meta documents no tolerance for a clock that runs ahead; this one is our choice.
    future_tolerance: timedelta = timedelta(seconds=60)


def check_event(event: Mapping[str, Any], rules: Rules) -> None:
    """Raise EventRefusedError with the first thing that Meta would object to."""
    _check_shape(event, rules)
    _check_event_time(event, rules)
    _check_action_source(event, rules)
    _check_limited_data_use(event)
    check_user_data(event["user_data"], strict=rules.strict)
    check_custom_data(event.get("custom_data", {}), event["event_name"], strict=rules.strict)


def _check_shape(event: Mapping[str, Any], rules: Rules) -> None:
    required = ["event_name", "event_time", "user_data"]
    if rules.strict:
        required.append("action_source")
    for key in required:
        if event.get(key) is None:
            raise wrong(f"['{key}']", "is required")
    name = event["event_name"]
    if not isinstance(name, str) or not name.strip():
        raise wrong("['event_name']", "must be a string that is not empty")
    if not isinstance(event["user_data"], dict):
        raise wrong("['user_data']", "must be an object")
    for key, (kind, named) in _KINDS.items():
        if key in event and not isinstance(event[key], kind):
            raise wrong(f"['{key}']", f"must be {named}")
    unknown = sorted(event.keys() - KNOWN_KEYS)
    if rules.strict and unknown:
        raise too_strict_for_meta(f"['{unknown[0]}']", "is no parameter of a server event")


def _check_event_time(event: Mapping[str, Any], rules: Rules) -> None:
    stamp = event["event_time"]
    if isinstance(stamp, bool) or not isinstance(stamp, int):
        raise wrong("['event_time']", "must be an integer, in seconds")
    if stamp >= _SURELY_MILLISECONDS:
        raise wrong("['event_time']", "is in milliseconds; seconds are required")
    age = rules.now.timestamp() - stamp
    kept_for = timedelta(days=62 if event.get("action_source") == "physical_store" else 7)
    if age > kept_for.total_seconds():
        raise EventRefusedError(TOO_OLD, "['event_time']", f"is more than {kept_for.days} days ago")
    if -age > rules.future_tolerance.total_seconds():
        raise EventRefusedError(IN_THE_FUTURE, "['event_time']", "is in the future")


def _check_action_source(event: Mapping[str, Any], rules: Rules) -> None:
    source = event.get("action_source")
    if source is not None and source not in ACTION_SOURCES:
        raise wrong("['action_source']", f"must be one of {', '.join(sorted(ACTION_SOURCES))}")
    if source != "website" or not rules.strict:
        return
    if not re.match(r"https?://[^/\s]", event.get("event_source_url", "")):
        raise too_strict_for_meta("['event_source_url']", "is required of a website, with http(s)")
    if not event["user_data"].get("client_user_agent"):
        raise too_strict_for_meta(
            "['user_data']['client_user_agent']", "is required of a website event"
        )


def _check_limited_data_use(event: Mapping[str, Any]) -> None:
    """Hold Meta's rule that "LDU" names a country, and a state unless the IP can tell it."""
    options = event.get("data_processing_options", [])
    country = event.get("data_processing_options_country")
    state = event.get("data_processing_options_state")
    if any(option != "LDU" for option in options):
        raise wrong("['data_processing_options']", "may hold only LDU")
    if options and country is None:
        raise wrong("['data_processing_options_country']", "is required with LDU")
    if country is not None and country not in _LDU_COUNTRIES:
        raise wrong("['data_processing_options_country']", "must be 0 or 1")
    needs_state = country is not None or (
        bool(options) and "client_ip_address" not in event["user_data"]
    )
    if needs_state and state is None:
        raise wrong("['data_processing_options_state']", "is required here")
    if state is not None and state not in _LDU_STATES:
        raise wrong("['data_processing_options_state']", "is no state's number")
