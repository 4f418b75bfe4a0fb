"""Release: give the browser its leave to fire the Pixel's Purchase, and remember that it has it."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.releases import Never, Pending, Release, ReleaseAnswer, Silence, decide_release
from shared.usecases.ports import Releases

_TRIES = 3


@dataclass(frozen=True, slots=True)
class ReleasePurchase:
    """Ports of `collect POST …/release`."""

    releases: Releases

    async def __call__(
        self, session_id: str | None, *, checkout_session_id: str | None, now: datetime
    ) -> ReleaseAnswer:
        """
        Answer for the cookie's own session only.

        The first release is written down before it is given, so that of two tabs that ask at
        once the second finds it taken.
        """
        if session_id is None:
            return Silence(Never.NO_SESSION)
        for _ in range(_TRIES):
            entries = await self.releases.of_session(session_id)
            answer = decide_release(
                [entry.purchase for entry in entries],
                checkout_session_id=checkout_session_id,
                now=now,
            )
            if not isinstance(answer, Release) or not answer.is_first:
                return answer
            [entry] = [e for e in entries if e.purchase.sale_key == answer.purchase.sale_key]
            released = replace(answer.purchase, released_at=now)
            if await self.releases.replace(entry, released):
                return answer
        # Somebody keeps writing to it (a delivery under way); the tag asks again.
        return Pending.PENDING
