"""Matching: which session explains a purchase."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.purchases import MatchedBy, NoMatch
from shared.domain.readings import References
from shared.domain.sessions import Session, is_session_id


@dataclass(frozen=True, slots=True)
class Match:
    """The session that explains a purchase, and what named it."""

    session: Session
    by: MatchedBy


def references(named: References) -> dict[str, MatchedBy]:
    """
    List the session ids that a payment names, the more trustworthy first.

    Metadata is written by the shop's server; client_reference_id may come from an address
    that the buyer can edit (Payment Links).
    """
    by = (
        (named.metadata_session, MatchedBy.METADATA),
        (named.client_reference_id, MatchedBy.CLIENT_REFERENCE_ID),
    )
    found: dict[str, MatchedBy] = {}
    for text, how in by:
        if text is not None and is_session_id(text):
            found.setdefault(text, how)
    return found


def match(named: References, known: Mapping[str, Session]) -> Match | NoMatch:
    """Pick the first named session that we know, or say why there is none."""
    ours = references(named)
    for session_id, by in ours.items():
        if session_id in known:
            return Match(known[session_id], by)
    if ours:
        return NoMatch.UNKNOWN_SESSION
    if named.metadata_session or named.client_reference_id:
        return NoMatch.MALFORMED_REFERENCE
    return NoMatch.NO_REFERENCE
