"""Reading the environment: one setting at a time, named when it is missing or malformed."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from shared.domain.event_names import STANDARD

Env = Mapping[str, str]
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class SettingError(Exception):
    """A setting is missing or malformed; the message names it and never quotes it."""


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


queue_name = _matching(
    r"projects/[^/]+/locations/[^/]+/queues/[^/]+", "write projects/P/locations/L/queues/Q"
)
api_version = _matching(r"v\d{1,3}\.\d{1,2}", "write a version like v26.0")
digits = _matching(r"\d{1,30}", "write the dataset's number")
reference = _matching(
    r"(?s:plain:.+)|projects/[^/]+/secrets/[^/]+/versions/[^/]+",
    "write projects/P/secrets/S/versions/latest, or plain:VALUE on a laptop",
)


def queue_names(text: str) -> tuple[str, ...]:
    """Read one queue or several, separated by commas; their order means nothing."""
    found = tuple(queue_name(item.strip()) for item in text.split(",") if item.strip())
    if not found or len(set(found)) != len(found):
        raise ValueError("write at least one queue, and none twice, separated by commas")
    return found


def references(text: str) -> tuple[str, ...]:
    found = tuple(reference(item.strip()) for item in text.split(",") if item.strip())
    if not found:
        raise ValueError("write at least one reference")
    return found


def url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text):
        raise ValueError("write an http(s) address without query")
    return text.rstrip("/")


def origins(text: str) -> frozenset[str]:
    found = [item.strip().rstrip("/").lower() for item in text.split(",") if item.strip()]
    if not found or not all(re.fullmatch(r"https?://[^\s/?#@]+", each) for each in found):
        raise ValueError("write origins like https://shop.example, separated by commas")
    return frozenset(found)


def countries(text: str) -> frozenset[str]:
    codes = [item.strip().upper() for item in text.split(",") if item.strip()]
    if not all(re.fullmatch(r"[A-Z]{2}", code) for code in codes):
        raise ValueError("write ISO 3166 codes like DE,FR, or leave it empty for everywhere")
    return frozenset(codes)


def domain_or_empty(text: str) -> str:
    domain = text.lstrip(".").lower()
    if not re.fullmatch(r"([a-z0-9-]+\.)*[a-z0-9-]+|", domain):
        raise ValueError("write a domain like shop.example")
    return domain


def flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("write true or false")
    return text.lower() == "true"


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,7})([smhd]?)", text)
    if found is None:
        raise ValueError("write a number of seconds, or like 15m, 2h, 1d")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


# Meta compares names exactly: "purchase" would be another event, and no Purchase.
_AS_META_SPELLS_IT = {name.lower(): name for name in STANDARD}


def event_or_none(text: str) -> str | None:
    """Read the name of an event, in Meta's own spelling where it is Meta's, or `none`."""
    if text.lower() == "none":
        return None
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}", text):
        raise ValueError("write none, or the name of an event")
    return _AS_META_SPELLS_IT.get(text.lower(), text)


def trial_event_or_none(text: str) -> str | None:
    """Read the name of an event that is no Purchase, since no money moved, or `none`."""
    name = event_or_none(text)
    if name == "Purchase":
        raise ValueError("write none, StartTrial, or a name of your own; a trial is no Purchase")
    return name


def custom_event_or_none(text: str) -> str | None:
    """Read the name of an event that is none of Meta's own, or `none`."""
    name = event_or_none(text)
    if name in STANDARD:
        raise ValueError("write none, or a name that is not one of Meta's standard events")
    return name


def events_or_none(text: str) -> frozenset[str]:
    """Read names of events, separated by commas, or `none`."""
    names = frozenset(
        name
        for item in text.split(",")
        if item.strip() and (name := event_or_none(item.strip())) is not None
    )
    if "Purchase" in names:
        raise ValueError("a Purchase is never dropped; name other events, or none")
    return names


def _between(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise ValueError(f"write a whole number from {least} to {most}")
        return int(text)

    return parse


def number_or_none(text: str) -> int | None:
    """Read a whole number above zero, or `none`."""
    return None if text == "none" else _between(1, 1_000_000)(text)


hops = _between(0, 10)
days = _between(1, 400)


def word(kind: type[E]) -> Callable[[str], E]:
    def parse(text: str) -> E:
        if text not in [member.value for member in kind]:
            raise ValueError("write one of " + ", ".join(kind))
        return kind(text)

    return parse
