"""Sessions: what we remember of one visitor, and when it has to be written again."""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from shared.domain.consent import Consent
from shared.domain.customer import HashedCustomer

_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z0-9_-]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Visit:
    """What one request tells of its visitor; URLs are scrubbed already."""

    fbp: str | None = None
    fbc: str | None = None
    click_ids: dict[str, str] = field(default_factory=dict)
    utm: dict[str, str] = field(default_factory=dict)
    url: str | None = None
    referrer: str | None = None
    client_ip: str | None = None
    user_agent: str | None = None
    customer: HashedCustomer = field(default_factory=HashedCustomer)
    consent: Consent | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One visitor, for as long as `expires_at` says; a withdrawn one holds only the refusal."""

    session_id: str
    opened_at: datetime
    touched_at: datetime
    expires_at: datetime
    visit: Visit
    withdrawn_at: datetime | None = None

    def is_alive(self, now: datetime) -> bool:
        """Firestore's TTL deletes late, so an expired session may still be read."""
        return now < self.expires_at


@dataclass(frozen=True, slots=True)
class Cookie:
    """The `_settled` cookie: which session, and a digest of what was last stored of it."""

    session_id: str
    digest: str

    @property
    def text(self) -> str:
        return f"{self.session_id}.{self.digest}"


def is_session_id(text: object) -> bool:
    """Tell whether text can be a session id of ours; it becomes a Firestore key."""
    return isinstance(text, str) and _SESSION_ID.fullmatch(text) is not None


def parse_cookie(text: str | None) -> Cookie | None:
    """Read the cookie; anything malformed counts as none, and a new session is opened."""
    session_id, _, digest = (text or "").partition(".")
    if not is_session_id(session_id) or not _DIGEST.fullmatch(digest):
        return None
    return Cookie(session_id, digest)


def digest_of(visit: Visit, *, before: str | None, now: datetime) -> str:
    """
    Digest what a session would now hold; equal to `before` when nothing need be written.

    The first part covers what every request carries, and the day, so that a session in use
    is touched daily. The others cover what only some requests carry, click ids and identity: a
    request without them keeps what was stored, else every second page view would write.
    """
    consent = visit.consent
    allowed = (consent.ad_storage, consent.ad_user_data) if consent else None
    always = (now.date(), visit.fbp, visit.fbc, visit.client_ip, visit.user_agent, allowed)
    clicks = sorted(visit.click_ids.items())
    who = None if visit.customer.is_empty() else visit.customer
    kept = before or _short((), 8) + _short((), 4) + _short((), 4)
    return (
        _short(always, 8)
        + (_short(clicks, 4) if clicks else kept[8:12])
        + (_short(who, 4) if who else kept[12:])
    )


def _short(content: object, length: int) -> str:
    # Four characters are three bytes.
    digest = sha256(repr(content).encode()).digest()
    return urlsafe_b64encode(digest[: length * 3 // 4]).decode()


def opened(session_id: str, visit: Visit, *, now: datetime, kept_for: timedelta) -> Session:
    return Session(
        session_id=session_id,
        opened_at=now,
        touched_at=now,
        expires_at=now + kept_for,
        visit=visit,
    )


def withdrawn(session_id: str, consent: Consent, *, now: datetime, kept_for: timedelta) -> Session:
    """
    Keep nothing of the visitor but the refusal itself.

    It stays until the session would have expired, so that what is still queued, and a
    payment that comes later, are withheld and not taken for an unknown visitor's.
    """
    return replace(
        opened(session_id, Visit(consent=consent), now=now, kept_for=kept_for),
        withdrawn_at=now,
    )


def touches(visit: Visit, *, now: datetime, kept_for: timedelta) -> dict[str, object]:
    """
    Name the stored fields that a later request changes, as dotted paths.

    Landing page, referrer and utm of the first touch stay; what this request does not know
    stays too, so that no read is needed before the write.
    """
    changes: dict[str, object] = {"touched_at": now, "expires_at": now + kept_for}
    for name in ("consent", "client_ip", "user_agent", "fbp", "fbc"):
        if (value := getattr(visit, name)) is not None:
            changes[f"visit.{name}"] = value
    changes |= {f"visit.click_ids.{name}": text for name, text in visit.click_ids.items()}
    for name in HashedCustomer.__dataclass_fields__:
        if hashes := getattr(visit.customer, name):
            changes[f"visit.customer.{name}"] = hashes
    return changes
