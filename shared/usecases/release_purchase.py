"""Release: give the browser its leave to fire the Pixel's Purchase, and remember that it has it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.aliases import Alias
from shared.domain.releases import (
    Never,
    Pending,
    Release,
    ReleaseAnswer,
    Silence,
    decide_release,
    decide_unpaid,
    sold_as,
)
from shared.domain.sessions import Session
from shared.domain.stripe_json import is_stripe_id
from shared.usecases.ports.ledger import Entry, Releases
from shared.usecases.ports.sessions import SessionWriter

_TRIES = 3


@dataclass(frozen=True, slots=True)
class ReleasePurchase:
    """Ports of `collect POST …/release`."""

    releases: Releases
    sessions: SessionWriter

    async def __call__(
        self, session_id: str | None, *, checkout_session_id: str | None, now: datetime
    ) -> ReleaseAnswer:
        """
        Answer for the cookie's own session only.

        A release is written down before it is given, so that of two tabs that ask at once the
        second finds it taken. If the answer gets lost, the Pixel stays silent; Meta has the
        server's copy.
        """
        if session_id is None:
            return Silence(Never.NO_SESSION)
        if _refuses(await self.sessions.find(session_id)):
            return Silence(Never.NO_CONSENT)
        for _ in range(_TRIES):
            entries = await self.releases.of_session(session_id)
            checkout = await self._unmentioned(checkout_session_id, entries)
            sold = sold_as(checkout)
            answer = decide_release(
                [entry.purchase for entry in entries],
                checkout_session_id=checkout_session_id,
                sold_as=sold,
                now=now,
            )
            is_sold = any(entry.purchase.sale_key == sold for entry in entries)
            if answer is Pending.PENDING and not is_sold:
                return decide_unpaid(checkout, session_id)
            if not isinstance(answer, Release):
                return answer
            [entry] = [e for e in entries if e.purchase.sale_key == answer.purchase.sale_key]
            if await self.releases.replace(entry, replace(answer.purchase, released_at=now)):
                return answer
        # Somebody keeps writing to it (a delivery under way); the tag asks again.
        return Pending.PENDING

    async def _unmentioned(
        self, checkout_session_id: str | None, entries: Sequence[Entry]
    ) -> Alias | None:
        """
        Look a checkout up that no purchase mentions: it was never paid, or is about to be; or
        it opened a subscription, whose purchases are its invoices; or its money came first and
        was told to Meta at once, and a purchase that was told changes no more.
        """
        if checkout_session_id is None or not is_stripe_id(checkout_session_id):
            return None
        mentioned = (entry.purchase.stripe.checkout_session_id for entry in entries)
        if checkout_session_id in mentioned:
            return None
        return await self.releases.checkout(checkout_session_id)


def _refuses(session: Session | None) -> bool:
    """Tell whether the visitor has said no since; having said nothing is judged with the sale."""
    if session is None:
        return False
    consent = session.visit.consent
    return session.withdrawn_at is not None or (consent is not None and not consent.lets_us_tell)
