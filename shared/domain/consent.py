"""Consent: what a visitor allowed, how we know, and what it lets us do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain.refusals import Refusal


class ConsentSource(StrEnum):
    CONSENT_MODE = "consent_mode"
    TCF = "tcf"
    GPC = "gpc"
    API = "api"


@dataclass(frozen=True, slots=True)
class Consent:
    """A visitor's answer in the words of Google Consent Mode v2; what is not granted is denied."""

    ad_storage: bool
    ad_user_data: bool
    ad_personalization: bool
    source: ConsentSource
    at: datetime

    @property
    def lets_us_store(self) -> bool:
        return self.ad_storage

    @property
    def lets_us_tell(self) -> bool:
        """Telling an advertiser needs what storing needs, and leave to pass on user data."""
        return self.ad_storage and self.ad_user_data


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """Where a visitor must have agreed before anything is stored or told."""

    required: bool = True
    regions: frozenset[str] = field(default_factory=frozenset)
    """ISO 3166 country codes in which consent is required; empty means everywhere."""

    def asks(self, country: str | None) -> bool:
        """Tell whether consent is needed; an unknown country counts as one that asks."""
        if not self.required:
            return False
        return not self.regions or country is None or country.upper() in self.regions

    def may_store(self, consent: Consent | None, country: str | None) -> bool:
        return consent.lets_us_store if consent else not self.asks(country)

    def may_tell(self, consent: Consent | None, country: str | None) -> bool:
        return consent.lets_us_tell if consent else not self.asks(country)


def latest(stored: Consent | None, told: Consent | None) -> Consent | None:
    """Let the later answer govern; having said nothing is no answer."""
    if stored is None or told is None:
        return told or stored
    return stored if stored.at > told.at else told


_SIGNALS = ("ad_storage", "ad_user_data", "ad_personalization")
# The rest of Google's state: a shop may pass it whole, and none of it concerns us.
_OTHERS = frozenset(
    {
        "analytics_storage",
        "functionality_storage",
        "personalization_storage",
        "security_storage",
    }
)
_KNOWN = frozenset({*_SIGNALS, *_OTHERS, "source", "at"})
_SOURCES: Mapping[str, ConsentSource] = {known.value: known for known in ConsentSource}
_LATEST = 100_000_000_000  # Seconds; anything above is milliseconds.


def denied_by_gpc(now: datetime) -> Consent:
    """Global Privacy Control: the browser refuses on the visitor's behalf."""
    return Consent(
        ad_storage=False,
        ad_user_data=False,
        ad_personalization=False,
        source=ConsentSource.GPC,
        at=now,
    )


def parse_consent(raw: object, now: datetime) -> Consent | Refusal | None:
    """
    Read the request's `consent`; None where there is no record.

    A signal that is missing counts as denied. A word that is neither "granted" nor
    "denied" refuses the request, so that a broken banner is seen and not guessed at.
    """
    if raw is None:
        return None
    if not isinstance(raw, dict) or not _is_known(raw):
        return Refusal.BAD_CONSENT
    granted = [raw.get(signal) for signal in _SIGNALS]
    at = raw.get("at")
    if any(word not in ("granted", "denied", None) for word in granted) or not _is_instant(at):
        return Refusal.BAD_CONSENT
    given_at = now if at is None else min(datetime.fromtimestamp(at, UTC), now)
    return Consent(
        ad_storage=granted[0] == "granted",
        ad_user_data=granted[1] == "granted",
        ad_personalization=granted[2] == "granted",
        source=_SOURCES[raw.get("source") or ConsentSource.API],
        at=given_at,
    )


def _is_known(raw: Mapping[str, object]) -> bool:
    if not _KNOWN.issuperset(raw):
        return False
    source = raw.get("source")
    return source is None or (isinstance(source, str) and source in _SOURCES)


def _is_instant(at: object) -> bool:
    return at is None or (isinstance(at, int) and not isinstance(at, bool) and 0 <= at < _LATEST)
