"""`reconcile POST /statement` as an answer and as the one line that monitors read."""

from collections.abc import Iterable
from datetime import datetime

from shared.domain.period import Period, day_of, yesterday
from shared.domain.refusals import Refusal
from shared.domain.statement import Figure
from shared.domain.statement_lines import Fate
from shared.domain.statement_words import words_of
from shared.http.flask_edge import Answer, refused
from shared.http.reconcile_endpoint import State
from shared.logs import Line
from shared.usecases.make_statement import Stated


def statement_answer(
    make: State, day: str | None, line: Line, *, now: datetime, deadline: datetime
) -> Answer:
    """State the given day, or the last one that is over."""
    asked = yesterday(now) if day is None else _period(day)
    if asked is None:
        return refused(Refusal.BAD_DAY, line)
    stated = make(asked, deadline=deadline)
    _note(stated, line)
    words = words_of(stated.statements, stated.asked, stated.destination)
    return 200, {"finished": stated.finished, **words}


def _period(day: str) -> Period | None:
    found = day_of(day)
    return None if found is None else Period(found, found)


def _note(stated: Stated, line: Line) -> None:
    """
    Count sales, not money: sums of several currencies are no number.

    Money that nobody explains is an alarm. What was refused or grew too old waits for a person,
    and a statement that is not finished proves nothing yet.
    """
    adds_up = all(statement.adds_up for statement in stated.statements)
    settled = [statement.settled for statement in stated.statements]
    of = {fate: _count([each.of(fate) for each in stated.statements]) for fate in Fate}
    line.note(
        day=str(stated.asked.first),
        adds_up=adds_up,
        finished=stated.finished,
        sales_settled=_count(settled),
        sales_accepted=of[Fate.ACCEPTED],
        sales_in_flight=of[Fate.IN_FLIGHT],
        sales_rejected=of[Fate.REJECTED],
        sales_expired=of[Fate.EXPIRED],
        sales_withheld=of[Fate.WITHHELD],
    )
    if of[Fate.REJECTED] or of[Fate.EXPIRED] or not stated.finished:
        line.warn()
    if not adds_up:
        line.alarm()


def _count(figures: Iterable[Figure]) -> int:
    return sum(len(figure.sale_keys) for figure in figures)
