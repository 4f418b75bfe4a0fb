"""Reading the environment: one setting at a time, named when it is missing or malformed."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from shared.domain.countries import is_country
from shared.domain.event_names import STANDARD

Env = Mapping[str, str]
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class SettingError(Exception):
    """A setting is missing or malformed; the message names it and never quotes it."""


def parsed(env: Env, name: str, parse: Callable[[str], T], default: str | None = None) -> T:
    """Read one setting; an empty one counts as absent."""
    text = env.get(name, "").strip() or default
    try:
        return parse(text or "")
    except ValueError as error:
        # Never the value: it may be a secret put in the wrong place.
        wrong = "missing" if text is None else "malformed"
        raise SettingError(f"{name} is {wrong}; {error}") from None


def optional(env: Env, name: str, parse: Callable[[str], T]) -> T | None:
    """Read a setting that may be absent."""
    return parsed(env, name, parse) if env.get(name, "").strip() else None


def _matching(pattern: str, advice: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.ASCII)

    def parse(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(advice)
        return text

    return parse


project = _matching(r"[a-z0-9][a-z0-9.:-]*", "write the project's id, like my-shop-123")
database = _matching(
    r"\(default\)|[a-z0-9][a-z0-9-]*", "write a database's id, or leave it out for (default)"
)
queue_name = _matching(
    r"projects/[^/\s]+/locations/[^/\s]+/queues/[^/\s]+",
    "write one queue or several, like projects/P/locations/L/queues/Q, separated by commas",
)
host_and_port = _matching(r"[^\s/:@]+:\d{1,5}", "write HOST:PORT, like 127.0.0.1:8080")
service_account = _matching(
    r"[^\s/:,]+", "write a service account's e-mail address, without serviceAccount: before it"
)
test_event_code = _matching(
    # Whoever writes none wants none; Meta would take the word for a code.
    r"(?!(?i:none)$)[A-Za-z0-9]{1,30}",
    "write the code that Events Manager shows, like TEST12345, or leave it out",
)
api_version = _matching(r"v\d{1,3}\.\d{1,2}", "write a version like v26.0")
digits = _matching(r"\d{1,30}", "write the dataset's number")
reference = _matching(
    r"(?s:plain:.+)|projects/[^/\s]+/secrets/[^/\s]+/versions/[^/\s]+",
    "write projects/P/secrets/S/versions/latest, or plain:VALUE on a laptop",
)


def store(text: str) -> str | None:
    """Return the path of the SQLite file; None is Firestore."""
    if text == "firestore":
        return None
    kind, _, path = text.partition(":")
    if kind != "sqlite" or not path:
        raise ValueError("write firestore or sqlite:PATH")
    return path


def _listed(text: str, parse: Callable[[str], T]) -> tuple[T, ...]:
    """Read what commas separate; at least one."""
    return tuple(parse(item.strip()) for item in text.split(",") if item.strip()) or (parse(""),)


def queue_names(text: str) -> tuple[str, ...]:
    """Read one queue or several, separated by commas; their order means nothing."""
    found = _listed(text, queue_name)
    if len(set(found)) != len(found):
        raise ValueError("write no queue twice")
    return found


def references(text: str) -> tuple[str, ...]:
    return _listed(text, reference)


def url(text: str) -> str:
    found = re.fullmatch(r"https?://[^\s/?#@:]+(?::(\d{1,5}))?(?:/[^\s?#]*)?", text, re.ASCII)
    if found is None or not _is_port(found[1]):
        raise ValueError("write an http(s) address without query")
    return text.rstrip("/")


def _is_port(text: str | None) -> bool:
    return text is None or 0 < int(text) <= _HIGHEST_PORT


_HIGHEST_PORT = 65_535
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ORIGIN = re.compile(r"(https?)://([a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::(\d{1,5}))?", re.ASCII)


def origins(text: str) -> frozenset[str]:
    return frozenset(_listed(text, _origin))


def _origin(text: str) -> str:
    """Write an origin as browsers send it: in lower case, and without its scheme's own port."""
    found = _ORIGIN.fullmatch(text.rstrip("/").lower())
    if found is None or not _is_port(found[3]):
        raise ValueError(
            "write each origin whole, as a browser sends it, like https://shop.example "
            "(no path, no *, an IDN as xn--…), separated by commas"
        )
    scheme, host, port = found.groups()
    return f"{scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}")


def countries(text: str) -> frozenset[str]:
    """Read countries; what is none would ask nobody for consent, and EU and UK are none."""
    codes = [item.strip().upper() for item in text.split(",") if item.strip()]
    if not all(map(is_country, codes)):
        raise ValueError(
            "write countries' ISO 3166 codes like DE,FR,GB, each by itself (EU is none), "
            "or leave it empty for everywhere"
        )
    return frozenset(codes)


def domain_or_empty(text: str) -> str:
    domain = text.lstrip(".").lower()
    if domain and not _takes_cookies(domain):
        raise ValueError("write the shop's own domain, like shop.example (an IDN as xn--…)")
    return domain


def _takes_cookies(domain: str) -> bool:
    """Tell whether a browser would; of a public suffix (com, co.uk, run.app) it takes none."""
    # Imported late: three of the four functions set no cookie.
    from shared.http.cookies import cookie_domain  # noqa: PLC0415

    return cookie_domain(domain) is not None


def flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("write true or false")
    return text.lower() == "true"


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


# Meta has to hear of a purchase within 7 days, and it is judged after the wait.
_LONGEST_WAIT = timedelta(days=6)


def wait(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhd]?)", text, re.ASCII)
    waits = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None
    if waits is None or waits > _LONGEST_WAIT:
        raise ValueError("write a number of seconds, or like 15m, 2h, 1d; at most 6d")
    return waits


# Meta compares names exactly: "purchase" would be another event, and no Purchase.
_AS_META_SPELLS_IT = {name.lower(): name for name in STANDARD}


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
    names = frozenset(name for name in _listed(text, event_or_none) if name is not None)
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
    return None if text.lower() == "none" else _between(1, 1_000_000)(text)


hops = _between(0, 10)
days = _between(1, 400)


def word(kind: type[E]) -> Callable[[str], E]:
    def parse(text: str) -> E:
        if text not in [member.value for member in kind]:
            raise ValueError("write one of " + ", ".join(kind))
        return kind(text)

    return parse
