"""What a drill tells whoever ordered it: a page to read, and JSON for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scripts.drills.stage import Drained
from scripts.drills.truth import DECIMALS
from scripts.drills.verdict import Money, Verdict

_SHOWN = 5


@dataclass(frozen=True)
class Report:
    """
    One drill, from its command line to its verdict.

    `scheduler` counts statuses by job. `exceptions` are defects of ours, or of this drill, that
    lost nothing where the verdict is good.
    """

    drill: str
    store: str
    seed: int
    payments: int
    never_settling: int
    happened: Mapping[str, int]
    paused: Mapping[str, int]
    resumed: Mapping[str, int]
    scheduler: Mapping[str, Mapping[int, int]]
    exceptions: Mapping[str, int]
    personal_lines: int
    drained: Drained
    took_s: float
    verdict: Verdict

    @property
    def passed(self) -> bool:
        """A trouble that touched nobody has proved nothing, and a log line names nobody."""
        has_drained = None not in {self.drained.purchases_s, self.drained.queues_s}
        has_touched = all(self.happened.values())
        return self.verdict.passed and has_drained and has_touched and not self.personal_lines

    def text(self) -> str:
        """Say the figures that decide first, and what each one means."""
        verdict = self.verdict
        rows = [
            ("settled at Stripe", str(verdict.settled), ""),
            ("accepted by Meta", str(verdict.accepted), "each with its own amount, to the cent"),
            ("lost", *_listed(verdict.lost)),
            ("doubled", *_listed(verdict.doubled)),
            ("never settled, yet told", *_listed(verdict.never_settled, of=self.never_settling)),
            ("unlike the ledger", *_listed(verdict.unlike_the_ledger)),
            ("resent after ambiguity", str(verdict.resent), _AMBIGUITY),
            ("attempts", str(verdict.attempts), f"{verdict.ambiguous} of them without an answer"),
            *self._page_views(),
            *(("EXCEPTION", str(count), what) for what, count in self.exceptions.items()),
            ("log lines", str(self.personal_lines), "that name the buyer"),
            ("the statement", "adds up" if verdict.statement_is_right else "IS WRONG", ""),
            ("time to drain", _seconds(self.drained.purchases_s), self._drained()),
        ]
        troubles = [f"  {what}: {count}" for what, count in self.happened.items()]
        troubles += [f"  paused by itself ({why}): {n}" for why, n in self.paused.items()]
        troubles += [f"  resumed by itself ({which}): {n}" for which, n in self.resumed.items()]
        heading = (
            f"{self.drill}: {self.payments} payments, seed {self.seed}, {self.store}, "
            f"{self.took_s:.0f} s"
        )
        lines = [f"  {name:<24}{figure:>8}  {note}".rstrip() for name, figure, note in rows]
        result = "PASSED" if self.passed else "FAILED"
        return "\n".join(["", heading, *troubles, "", *lines, f"  {result}", ""])

    def _drained(self) -> str:
        queues = _seconds(self.drained.queues_s)
        return f"from the end of the trouble; the queues, page views and all, {queues}"

    def _page_views(self) -> list[tuple[str, str, str]]:
        views = self.verdict.views
        lost = f"{len(views.lost)} lost, {views.repeated} sent twice"
        return [("page views taken", str(len(views.promised)), lost)]

    def document(self) -> dict[str, Any]:
        verdict = self.verdict
        return {
            "drill": self.drill,
            "store": self.store,
            "seed": self.seed,
            "payments": self.payments,
            "happened": dict(self.happened),
            "paused": dict(self.paused),
            "resumed": dict(self.resumed),
            "exceptions": dict(self.exceptions),
            "scheduler": {job: dict(counts) for job, counts in self.scheduler.items()},
            "settled": verdict.settled,
            "accepted": verdict.accepted,
            "lost": _written(verdict.lost),
            "doubled": _written(verdict.doubled),
            "never_settled": _written(verdict.never_settled),
            "unlike_the_ledger": _written(verdict.unlike_the_ledger),
            "resent_after_ambiguity": verdict.resent,
            "ambiguous": verdict.ambiguous,
            "attempts": verdict.attempts,
            "page_views": {
                "taken": len(verdict.views.promised),
                "lost": verdict.views.lost,
                "sent_twice": verdict.views.repeated,
            },
            "personal_lines": self.personal_lines,
            "adds_up": verdict.statement_is_right,
            "drained_s": {
                "purchases": self.drained.purchases_s,
                "queues": self.drained.queues_s,
            },
            "took_s": round(self.took_s, 1),
            "passed": self.passed,
        }


_AMBIGUITY = "no answer came, so the same event_id was sent again"


def _listed(found: Sequence[Money], *, of: int | None = None) -> tuple[str, str]:
    """Give the count, and the first few by their money."""
    shown = [", ".join(_written(found[:_SHOWN])) + (" …" if len(found) > _SHOWN else "")]
    tried = [f"of {of} that look like sales and are none"] if of is not None else []
    return str(len(found)), "; ".join(filter(None, [*tried, *shown]))


def _written(found: Sequence[Money]) -> list[str]:
    return [_major(money) for money in found]


def _seconds(found: float | None) -> str:
    return "never" if found is None else f"{found:.0f} s"


def _major(money: Money) -> str:
    return (
        f"{Decimal(money.amount_minor).scaleb(-DECIMALS.get(money.currency, 0))} {money.currency}"
    )
