"""Matching: which session explains a purchase."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.purchases import MatchedBy, NoMatch
from shared.domain.sessions import Session, is_session_id
from shared.domain.stripe_events import CheckoutReading


@dataclass(frozen=True, slots=True)
class Match:
    """The session that explains a purchase, and what named it."""

    session: Session
    by: MatchedBy


def references(reading: CheckoutReading) -> dict[str, MatchedBy]:
    """
    List the session ids that a payment names, the more trustworthy first.

    Metadata is written by the shop's server; client_reference_id may come from an address
    that the buyer can edit (Payment Links).
    """
    named = (
        (reading.metadata_session, MatchedBy.METADATA),
        (reading.client_reference_id, MatchedBy.CLIENT_REFERENCE_ID),
    )
    found: dict[str, MatchedBy] = {}
    for text, by in named:
        if text is not None and is_session_id(text):
            found.setdefault(text, by)
    return found


def match(reading: CheckoutReading, known: Mapping[str, Session]) -> Match | NoMatch:
    """Pick the first named session that we know, or say why there is none."""
    named = references(reading)
    for session_id, by in named.items():
        if session_id in known:
            return Match(known[session_id], by)
    if named:
        return NoMatch.UNKNOWN_SESSION
    if reading.metadata_session or reading.client_reference_id:
        return NoMatch.MALFORMED_REFERENCE
    return NoMatch.NO_REFERENCE
