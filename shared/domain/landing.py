"""Where a visit landed: the clicks and campaigns that its address names, and no more of it."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from shared.domain.characters import is_clean, names_anybody
from shared.domain.fbc import fbclid_of
from shared.domain.query import parameters_of

CLICK_ID_PARAMS: Final = ("gclid", "gbraid", "wbraid", "ttclid", "msclkid")
UTM_PARAMS: Final = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "utm_id",
)

_LONGEST_VALUE: Final = 200
_LONGEST_URL: Final = 2_000
# What a browser reports: Unicode hosts come as punycode, and no backslash is left.
_HOST: Final = re.compile(r"[a-z0-9_][a-z0-9._-]{0,252}|[0-9a-f:.]*:[0-9a-f:.]*")
_PATH_CHARACTERS: Final = "/%:@!$&'()*+,;=~"


def click_ids_of(url: str | None) -> dict[str, str]:
    """Read the click ids of other destinations, unchanged; Meta's own is fbclid_of's."""
    return _named(CLICK_ID_PARAMS, url)


def utm_of(url: str | None) -> dict[str, str]:
    """Read the campaign."""
    return _named(UTM_PARAMS, url)


@lru_cache(maxsize=256)
def scrubbed(url: str | None) -> str | None:
    """
    Keep of a web address what may be stored and told: site, path, campaign, Meta's click.

    Everything else of the query may name a person or open a door (tokens, e-mail addresses).
    An address of more than 2,000 characters loses its query, then its path; junk is None.
    """
    parts = _web_address(url)
    if parts is None or (site := _site(parts)) is None:
        return None
    page = site + quote(_path(parts.path), safe=_PATH_CHARACTERS)
    query = urlencode(list(_kept_parameters(url)))
    whole = f"{page}?{query}" if query else page
    return next(text for text in (whole, page, f"{site}/") if len(text) <= _LONGEST_URL)


def _path(path: str) -> str:
    """Leave the shop's path, but for parts that hold an e-mail address."""
    return "/".join("-" if names_anybody(part) else part for part in (path or "/").split("/"))


def _web_address(url: str | None) -> SplitResult | None:
    text = (url or "").strip()
    if "\\" in text or not is_clean(text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") else None


def _site(parts: SplitResult) -> str | None:
    """Write scheme, host and port, without the user's name or password."""
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not _HOST.fullmatch(host):
        return None
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def _kept_parameters(url: str | None) -> Iterator[tuple[str, str]]:
    yield from utm_of(url).items()
    if fbclid := fbclid_of(url):
        yield "fbclid", fbclid


def _named(names: Collection[str], url: str | None) -> dict[str, str]:
    """
    Take the first usable value of each name; one cut short would be another's.

    Mailing tools put the reader's address where a campaign's name or a click belongs.
    """
    found: dict[str, str] = {}
    for name, text in parameters_of(url):
        if name in names and name not in found and _is_usable(text):
            found[name] = text
    return found


def _is_usable(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_VALUE and is_clean(text) and not names_anybody(text)
