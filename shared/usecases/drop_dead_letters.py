"""Drop: a person has judged that nothing more shall be done about a refusal."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from shared.domain.audit import Deed, Unfit
from shared.domain.conversions import Destination
from shared.domain.rejected_deliveries import RejectedDelivery
from shared.usecases.find_dead_letters import KeptLetters, Kind, judged, kind_of
from shared.usecases.ports.ledger import Ledger


@dataclass(frozen=True, slots=True)
class DropDeadLetters:
    """Ports of `settled dead-letters drop`."""

    letters: KeptLetters
    ledger: Ledger
    destination: Destination = Destination.META

    def __call__(self, key: str, *, by: str, now: datetime, dry_run: bool = False) -> Deed | Unfit:
        """
        Write down who dropped it; with `dry_run` only say what would come of it.

        An event loses what is personal, for good. A purchase stays rejected in the ledger and
        on the statement, and is only no longer listed. Raise StoreUnavailableError.
        """
        attempt = self._letter if kind_of(key) is Kind.EVENT else self._purchase
        return judged(partial(attempt, key, by, now, dry_run))

    def _letter(self, key: str, by: str, now: datetime, dry_run: bool) -> Deed | Unfit | None:
        entry = self.letters.find(key)
        if entry is None or now >= entry.letter.expires_at:
            return Unfit.NO_SUCH_LETTER
        decided = entry.letter.dropped(by=by, now=now)
        if isinstance(decided, Unfit):
            return decided
        return Deed.DROPPED if dry_run or self.letters.replace(entry, decided) else None

    def _purchase(self, key: str, by: str, now: datetime, dry_run: bool) -> Deed | Unfit | None:
        entry = self.ledger.find(key)
        if entry is None or self.destination not in entry.purchase.deliveries:
            return Unfit.NO_SUCH_LETTER
        decided = RejectedDelivery(entry.purchase, self.destination).dropped(by=by, now=now)
        if isinstance(decided, Unfit):
            return decided
        return Deed.DROPPED if dry_run or self.ledger.replace(entry, decided) else None
