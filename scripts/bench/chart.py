"""The chart of the README: requests a second on one core, beside the framework's own floor."""

from collections.abc import Mapping
from html import escape
from typing import Any

_WIDE, _ROW, _LEFT, _TOP = 760, 44, 230, 52
_OURS, _FLOOR, _INK, _PALE = "#2f6f4f", "#c9c9c2", "#222222", "#666666"


def svg(measured: Mapping[str, Any]) -> str:
    cases = measured["throughput"]
    machine = measured["machine"]
    most = max(max(row["per_second"], row["floor_per_second"]) for row in cases.values())
    scale = (_WIDE - _LEFT - 110) / most
    high = _TOP + _ROW * len(cases) + 30
    rows = [
        _row(name, row, _TOP + _ROW * at, scale) for at, (name, row) in enumerate(cases.items())
    ]
    title = "Requests a second on one core, and the bare function's (grey)"
    said = f"{machine['at'][:10]}, {machine['cpu']}, Python {machine['python']}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {high}"',
            f' width="{_WIDE}" height="{high}" font-family="sans-serif" font-size="13">',
            f"<title>{title}</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            _words(12, 26, title, _INK, "bold"),
            *rows,
            _words(12, high - 10, said, _PALE),
            "</svg>\n",
        ]
    )


def _row(name: str, row: Mapping[str, float], top: int, scale: float) -> str:
    ours, floor = row["per_second"], row["floor_per_second"]
    carried = f", {row['carried_per_second']:,.0f} events/s" if row["carries"] > 1 else ""
    told = f"{ours:,.0f}{carried} ({row['of_floor']:.0%})"
    return "\n".join(
        [
            _words(12, top + 19, name, _INK),
            _bar(top + 4, floor * scale, 9, _FLOOR),
            _bar(top + 14, ours * scale, 14, _OURS),
            _words(_LEFT + max(ours * scale, 0) + 8, top + 26, told, _INK),
        ]
    )


def _bar(top: int, wide: float, high: int, colour: str) -> str:
    return f'<rect x="{_LEFT}" y="{top}" width="{wide:.1f}" height="{high}" fill="{colour}"/>'


def _words(left: float, base: float, words: str, colour: str, weight: str = "normal") -> str:
    return (
        f'<text x="{left:.1f}" y="{base}" fill="{colour}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )
