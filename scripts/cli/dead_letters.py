"""`settled dead-letters`: read what a destination refused, and replay or drop it."""

import json as written
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import typer

from scripts.cli import dead_letter_pages
from scripts.cli.dead_letter_words import fields_of, words_of
from scripts.cli.errors import FAILED, end, one_line_errors
from scripts.cli.ledger import Store, store_of, tasks_of
from scripts.cli.wanted_letters import Choice, insist_on_a_choice, operator
from shared.domain.audit import ADVICE, Deed, Unfit
from shared.usecases.drop_dead_letters import DropDeadLetters
from shared.usecases.find_dead_letters import Kind
from shared.usecases.replay_dead_letters import ReplayDeadLetters, Replayed

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_DAY = "YYYY-MM-DD"
Keys = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="d-… for events, pi_… for purchases.")
]
Reason = Annotated[str | None, typer.Option(help="As listed, like meta_100_2804003.")]
OfKind = Annotated[Kind | None, typer.Option(help="Of browsers' events, or of purchases.")]
Day = Annotated[str | None, typer.Option(metavar=_DAY, help="Refused on that UTC day.")]
First = Annotated[str | None, typer.Option("--from", metavar=_DAY, help="The first of several.")]
Last = Annotated[str | None, typer.Option("--to", metavar=_DAY, help="The last, itself included.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
By = Annotated[str | None, typer.Option(help="Who acts, for the audit; else the machine's user.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; do nothing.")]

# What was done before is no failure: whoever asks twice gets the same.
_DONE_BEFORE = {Unfit.ALREADY_QUEUED, Unfit.ALREADY_ACCEPTED, Unfit.ALREADY_DROPPED}
Act = Callable[[str, bool], Replayed | Deed | Unfit]


@app.callback()
def dead_letters() -> None:
    """
    Act on what Meta refused: events (kept for 30 days) and purchases of the ledger.

    Nothing of a person is shown: of what would be sent, only which fields there are.
    """


@app.command("list")
def list_them(
    *,
    reason: Reason = None,
    kind: OfKind = None,
    day: Day = None,
    first: First = None,
    last: Last = None,
    judged: Annotated[
        bool, typer.Option("--all", help="Also what was replayed, withheld or dropped since.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="List no more than these.")] = 200,
    json: Json = False,
) -> None:
    """List those that wait for a person, the longest dead first."""
    with one_line_errors(), store_of(os.environ) as store:
        now = datetime.now(UTC)
        wanted = Choice(reason, kind, day, first, last).wanted(now, judged=judged)
        found = list(islice(store.dead(wanted, now=now), limit + 1))
        shown, more = found[:limit], len(found) > limit
        if json:
            _print_json({"more": more, "dead_letters": [words_of(each, now=now) for each in shown]})
            return
        print(dead_letter_pages.listing(shown, more=more, now=now), end="")


@app.command()
def show(
    key: Annotated[str, typer.Argument(metavar="ID", help="As listed, or any sale key.")],
    *,
    json: Json = False,
) -> None:
    """Show one: why it was refused, which fields it has, who did what about it."""
    with one_line_errors(), store_of(os.environ) as store:
        now = datetime.now(UTC)
        found = store.dead.one(key, now=now)
        if found is None:
            end(f"{key}: {Unfit.NO_SUCH_LETTER}; {ADVICE[Unfit.NO_SUCH_LETTER]}", FAILED)
            return
        if json:
            _print_json({**words_of(found, now=now), "has": fields_of(found)})
            return
        print(dead_letter_pages.one(found, now=now), end="")


def acting(prepare: Callable[[Store, str], Act]) -> Callable[[Store, str], Act]:
    """Make it a command on chosen letters: by the same options, whatever it does to them."""

    def command(
        keys: Keys = None,
        *,
        reason: Reason = None,
        kind: OfKind = None,
        day: Day = None,
        first: First = None,
        last: Last = None,
        by: By = None,
        dry_run: DryRun = False,
    ) -> None:
        choice = Choice(reason, kind, day, first, last)
        with one_line_errors(), store_of(os.environ) as store:
            insist_on_a_choice(keys or (), choice)
            act = prepare(store, operator(by))
            _act_on(_chosen(store, keys, choice), act, dry_run=dry_run)

    app.command(prepare.__name__, help=prepare.__doc__)(command)
    return prepare


@acting
def replay(store: Store, who: str) -> Act:
    """
    Queue again what was refused; consent, age and refund are judged anew.

    One refusal is answered once, however often this is asked. It needs the settings of the
    queues too: EVENTS_QUEUE, PURCHASES_QUEUE, DISPATCH_URL, TASKS_SERVICE_ACCOUNT.
    """
    again = ReplayDeadLetters(store.letters, store.ledger, tasks_of(os.environ))
    return lambda key, dry_run: again(key, by=who, now=datetime.now(UTC), dry_run=dry_run)


@acting
def drop(store: Store, who: str) -> Act:
    """
    Judge that nothing more shall be done.

    An event loses its personal fields, for good. A purchase stays rejected in the ledger and on
    the statement, is no longer listed, and can still be replayed by its id.
    """
    away = DropDeadLetters(store.letters, store.ledger)
    return lambda key, dry_run: away(key, by=who, now=datetime.now(UTC), dry_run=dry_run)


def _chosen(store: Store, keys: Sequence[str] | None, choice: Choice) -> list[str]:
    """Name those that are meant, before the first of them changes."""
    if keys:
        return list(dict.fromkeys(keys))
    now = datetime.now(UTC)
    return [dead.key for dead in store.dead(choice.wanted(now), now=now)]


def _act_on(keys: Sequence[str], act: Act, *, dry_run: bool) -> None:
    """Act one by one, a line each as it is done; end in failure where one was left as it was."""
    counts: dict[str, int] = {}
    failed = False
    for key in keys:
        came = act(key, dry_run)
        advice = f"; {ADVICE[came]}" if isinstance(came, Unfit) else ""
        print(f"{key}  {'would be ' if dry_run and not advice else ''}{came}{advice}", flush=True)
        counts[came] = counts.get(came, 0) + 1
        failed = failed or (isinstance(came, Unfit) and came not in _DONE_BEFORE)
    summary = ", ".join(f"{count} {came}" for came, count in sorted(counts.items()))
    print(f"{'Dry run, nothing was changed: ' if dry_run else ''}{summary or 'nothing to do'}")
    if failed:
        raise typer.Exit(FAILED)


def _print_json(value: object) -> None:
    print(written.dumps(value, indent=2))
