"""
Meta's browser ids: fbc, the click that led here, and fbp, the browser.

Source: Meta, "fbp and fbc parameters". Meta's Parameter Builder breaks several of these rules
(an empty or malformed fbclid replaces a good one; an old referrer brings back an older click),
so they are kept here.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.query import parameters_of

# Meta's: a click explains what happens within 90 days.
_FRESH_FOR_MS: Final = timedelta(days=90) // timedelta(milliseconds=1)
_FBCLID: Final = re.compile(r"[A-Za-z0-9_-]{1,500}")
# A fifth part is the Parameter Builder's: 8 characters, or 2 in its older versions.
_APPENDIX: Final = r"(?:\.(?P<appendix>[A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg))?"
_FBC: Final = re.compile(
    r"fb\.(?P<index>[0-9])\.(?P<created_ms>[0-9]{13})\.(?P<fbclid>[A-Za-z0-9_-]{1,500})" + _APPENDIX
)
_FBP: Final = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[0-9]{1,20}" + _APPENDIX)


@dataclass(frozen=True, slots=True)
class Fbc:
    """
    A click on an ad, as the `_fbc` cookie writes it.

    `subdomain_index` is the level of the cookie's domain (example.com is 1), `created_ms` the
    Unix time in milliseconds at which we first saw the click, `fbclid` Meta's, case and all.
    """

    subdomain_index: int
    created_ms: int
    fbclid: str
    appendix: str | None = None

    @property
    def text(self) -> str:
        appendix = f".{self.appendix}" if self.appendix else ""
        return f"fb.{self.subdomain_index}.{self.created_ms:013}.{self.fbclid}{appendix}"


def parse_fbc(text: str | None) -> Fbc | None:
    """Read a cookie; a malformed one counts as none."""
    found = _FBC.fullmatch(text or "")
    if found is None:
        return None
    return Fbc(
        subdomain_index=int(found["index"]),
        created_ms=int(found["created_ms"]),
        fbclid=found["fbclid"],
        appendix=found["appendix"],
    )


def parse_fbp(text: str | None) -> str | None:
    """Return a cookie as it is, or None where it is malformed."""
    return text if text and _FBP.fullmatch(text) else None


def fbclid_of(url: str | None) -> str | None:
    """Find the click id in an address: the first that is one, unchanged."""
    values = (value for name, value in parameters_of(url) if name == "fbclid")
    return next((value for value in values if _FBCLID.fullmatch(value)), None)


def next_fbc(
    current: Fbc | None, fbclid: str | None, *, now_ms: int, subdomain_index: int
) -> Fbc | None:
    """
    Say which click counts: a new one always, else the one we know.

    Seeing the same click again changes nothing: its time is when it was first seen.
    """
    if fbclid is None or not _FBCLID.fullmatch(fbclid):
        return current
    if current is not None and current.fbclid == fbclid:
        return current
    return Fbc(subdomain_index=subdomain_index, created_ms=now_ms, fbclid=fbclid)


def is_fresh(fbc: Fbc, *, now_ms: int) -> bool:
    """Tell whether Meta would still count the click."""
    return now_ms - fbc.created_ms <= _FRESH_FOR_MS


def new_fbp(*, now_ms: int, subdomain_index: int, random: int) -> str:
    """Write an fbp for a browser that has none; `random` is any number of up to 20 digits."""
    return f"fb.{subdomain_index}.{now_ms:013}.{random}"
