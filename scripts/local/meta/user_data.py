"""
Meta's rules for an event's user_data.

Sources: the customer-information and fbp-and-fbc pages, and "best practices" for the sets of
parameters that are too little to match anybody.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from scripts.local.meta.refusals import (
    TOO_LITTLE_USER_DATA,
    WRONG_LEAD_ID,
    EventRefusedError,
    too_strict_for_meta,
    wrong,
)

HASHED_KEYS = frozenset(
    [
        "em",
        "ph",
        "fn",
        "ln",
        "ge",
        "db",
        "ct",
        "st",
        "zp",
        "country",
        "f5first",
        "f5last",
        "fi",
        "dobd",
        "dobm",
        "doby",
    ]
)
# Never hashed. external_id stands in neither set: hashing it is recommended, not required.
RAW_KEYS = frozenset(
    [
        "client_ip_address",
        "client_user_agent",
        "fbc",
        "fbp",
        "subscription_id",
        "fb_login_id",
        "lead_id",
        "anon_id",
        "madid",
        "page_id",
        "page_scoped_user_id",
        "ctwa_clid",
        "ig_account_id",
        "ig_sid",
        "whatsapp_business_account_id",
    ]
)
_MAY_BE_NUMBERS = frozenset({"fb_login_id", "lead_id"})
# An event with nothing beyond one of these sets matches nobody (Graph v13 and later).
TOO_LITTLE = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)
_SHA256 = re.compile(r"[a-f0-9]{64}")
_HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# The fifth part is Meta's own Parameter Builder telling of itself.
_BUILDER = r"(\.([A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg))?"
_FBC = re.compile(r"fb\.\d\.\d{13}\.[A-Za-z0-9_-]{1,500}" + _BUILDER)
_FBP = re.compile(r"fb\.\d\.\d{13}\.\d{1,20}" + _BUILDER)
# What Meta's Parameter Builder does not take for a browser's address.
_NOT_A_BROWSER = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
]
_LEAD_ID = re.compile(r"\d{15,16}")


def check_user_data(user_data: Mapping[str, Any], *, strict: bool) -> None:
    """Raise EventRefusedError with the first thing that Meta would object to."""
    for key, value in user_data.items():
        _check_kind(key, value)
    _check_lead_id(user_data.get("lead_id"))
    _check_address_is_one(user_data.get("client_ip_address"))
    if strict:
        _check_strictly(user_data)
    given = {key for key, value in user_data.items() if value not in ("", [], None)}
    if any(given <= little for little in TOO_LITTLE):
        raise EventRefusedError(
            TOO_LITTLE_USER_DATA, "['user_data']", f"only {sorted(given)} matches nobody"
        )


def _check_kind(key: str, value: Any) -> None:
    """Take a string, a list of strings where Meta takes lists, a number where it is one."""
    takes_lists = key in HASHED_KEYS or key == "external_id"
    values = value if takes_lists and isinstance(value, list) else [value]
    kinds = (str, int) if key in _MAY_BE_NUMBERS else (str,)
    known = takes_lists or key in RAW_KEYS
    if known and not all(isinstance(each, kinds) for each in values):
        raise wrong(f"['user_data']['{key}']", "has the wrong type")


def _check_lead_id(lead_id: Any) -> None:
    if lead_id is not None and not _LEAD_ID.fullmatch(str(lead_id)):
        raise EventRefusedError(
            WRONG_LEAD_ID, "['user_data']['lead_id']", "must have 15 or 16 digits"
        )


def _check_address_is_one(address: str | None) -> None:
    if address is None:
        return
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise wrong("['user_data']['client_ip_address']", "is no IP address") from None


def _check_strictly(user_data: Mapping[str, Any]) -> None:
    for key, value in user_data.items():
        place = f"['user_data']['{key}']"
        values = value if isinstance(value, list) else [value]
        if not values or "" in values:
            raise too_strict_for_meta(place, "is empty")
        if key in HASHED_KEYS:
            _check_hashes(place, values)
        elif key in RAW_KEYS:
            _check_not_hashed(place, values)
        elif key != "external_id":
            raise too_strict_for_meta(place, "is no customer information parameter")
        if _HASH_OF_NOTHING in values:
            raise too_strict_for_meta(place, "is the hash of an empty string")
    _check_click_ids(user_data)
    _check_address_is_public(user_data.get("client_ip_address"))


def _check_hashes(place: str, values: list[Any]) -> None:
    if not all(_SHA256.fullmatch(value) for value in values):
        raise too_strict_for_meta(place, "must be SHA-256 in lower-case hex")


def _check_not_hashed(place: str, values: list[Any]) -> None:
    if any(_SHA256.fullmatch(str(value)) for value in values):
        raise too_strict_for_meta(place, "must not be hashed")


def _check_click_ids(user_data: Mapping[str, Any]) -> None:
    for key, shape in (("fbc", _FBC), ("fbp", _FBP)):
        if key in user_data and not shape.fullmatch(user_data[key]):
            raise too_strict_for_meta(f"['user_data']['{key}']", f"has not the shape of {key}")


def _check_address_is_public(address: str | None) -> None:
    if address is not None and any(
        ipaddress.ip_address(address) in network for network in _NOT_A_BROWSER
    ):
        raise too_strict_for_meta(
            "['user_data']['client_ip_address']", "is not the public address of a browser"
        )
