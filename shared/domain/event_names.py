"""Names of events: Meta's standard ones, custom ones, and the one no browser may say."""

import re
import unicodedata
from functools import lru_cache

from shared.domain.refusals import Refusal

STANDARD = frozenset(
    {
        "AddPaymentInfo",
        "AddToCart",
        "AddToWishlist",
        "CompleteRegistration",
        "Contact",
        "CustomizeProduct",
        "Donate",
        "FindLocation",
        "InitiateCheckout",
        "Lead",
        "PageView",
        "Purchase",
        "Schedule",
        "Search",
        "StartTrial",
        "SubmitApplication",
        "Subscribe",
        "ViewContent",
    }
)
"""Meta's standard events, spelled as Meta spells them (Meta Pixel, standard events)."""

# Reserved by Meta for servers: they change what was reported earlier.
_SERVER_ONLY = frozenset({"purchase", "appendvalue", "appendattribution"})
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,48}[A-Za-z0-9._-])?", re.ASCII)
_LONGEST_LOOKED_INTO = 1_000
_BY_LOWER_CASE = {name.lower(): name for name in STANDARD}


@lru_cache(maxsize=256)
def _letters(text: str) -> str:
    """Reduce a name to its letters, so that padding and look-alike forms do not hide it."""
    spelled = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in spelled if unicodedata.category(c).startswith("L"))


def parse_event_name(raw: object) -> str | Refusal:
    """
    Accept a standard or custom event name; refuse Purchase in whatever disguise.

    A standard name in another case ("pageview") is brought to Meta's spelling, because
    Meta compares names exactly and would file it as a custom event.
    """
    if not isinstance(raw, str):
        return Refusal.BAD_EVENT_NAME
    if len(raw) <= _LONGEST_LOOKED_INTO and _letters(raw) in _SERVER_ONLY:
        return Refusal.PURCHASE_IS_SERVER_ONLY
    if not _NAME.fullmatch(raw):
        return Refusal.BAD_EVENT_NAME
    return _BY_LOWER_CASE.get(raw.lower(), raw)
