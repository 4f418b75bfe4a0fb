"""Dead letters for a person: a table of many, a page of one."""

from collections.abc import Sequence
from datetime import datetime

from scripts.cli.dead_letter_words import Words, fields_of, words_of
from scripts.cli.pages import page, plain_table
from shared.domain.dead_letters import DeadLetter
from shared.domain.money import major_units
from shared.domain.rejected_deliveries import RejectedDelivery
from shared.usecases.find_dead_letters import Dead

_LISTED = ("id", "rejected_at", "reason", "state", "replay")
_SHOWN = (
    "event_id",
    "happened_at",
    "destination",
    "reason",
    "rejected_at",
    "fbtrace_id",
    "replay",
    "ended_at",
    "expires_at",
)


def listing(found: Sequence[Dead], *, more: bool, now: datetime) -> str:
    """List them; `more` where the list was cut off at its limit."""
    if not found:
        return "No dead letter waits for a person.\n"
    table = plain_table()
    for name in (*_LISTED, "what", "acts"):
        table.add_column(name.replace("_", " "), no_wrap=True)
    for dead in found:
        words = words_of(dead, now=now)
        listed = [_text(words[name]) for name in _LISTED]
        table.add_row(*listed, _what(dead), _acts_in_short(words))
    console, written = page()
    console.print(table)
    if more:
        console.print(f"… and more than these {len(found)}; raise --limit, or ask for less.")
    return written.getvalue()


def one(dead: Dead, *, now: datetime) -> str:
    """Show one with its audit, and which fields it has."""
    words, has = words_of(dead, now=now), fields_of(dead)
    lines = [f"{words['id']}  {words['kind']} {_what(dead)}, {words['state']}"]
    told = {name: words[name] for name in _SHOWN if words[name] is not None}
    told |= {f"has {name}": _names(has[name]) for name in has}
    width = max(map(len, told))
    lines += [f"  {name.replace('_', ' '):<{width}}  {told[name]}" for name in told]
    for act in _acts(words):
        why = f", was {act['reason']}" if act["reason"] else ""
        lines.append(f"  {act['at']}  {act['deed']} by {act['by']}{why}")
    return "\n".join(lines) + "\n"


def _what(dead: Dead) -> str:
    match dead:
        case DeadLetter():
            return dead.conversion.event_name
        case RejectedDelivery(purchase=purchase):
            return f"{major_units(purchase.settled_minor, purchase.currency)} {purchase.currency}"


def _acts_in_short(words: Words) -> str:
    """Say the latest deed, and how many there were."""
    acts = _acts(words)
    if not acts:
        return ""
    last = acts[-1]
    often = f" ({len(acts)} acts)" if len(acts) > 1 else ""
    return f"{last['deed']} by {last['by']}{often}"


def _acts(words: Words) -> list[Words]:
    acts = words["acts"]
    return acts if isinstance(acts, list) else []


def _names(names: object) -> str:
    return ", ".join(names) if isinstance(names, list) and names else "nothing"


def _text(value: object) -> str:
    return "" if value is None else str(value)
