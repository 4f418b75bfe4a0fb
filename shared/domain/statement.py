"""
The statement: what became of the money that settled, in each currency, to the minor unit.

    settled = accepted + in flight + rejected + expired + withheld

The two sides are summed apart, each over the sales it names, so that the check can fail: a sale
without a delivery, or in two places, is `unexplained`. Zero amounts are counted like any other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from shared.domain.conversions import Destination
from shared.domain.deliveries import OPEN, Withheld
from shared.domain.money import major_units
from shared.domain.policies import Expired
from shared.domain.purchases import Purchase
from shared.domain.statement_lines import UNNAMED, Fate, Line, fate_of, line_of


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum in minor units, and the keys of the sales behind it."""

    amount_minor: int = 0
    sale_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """
    One currency. `settled` is what moved through Stripe; `off_stripe` stands beside it.

    `refunded` is what was given back of these very sales, on whatever day. `maybe_told` is what
    stands rejected, expired or withheld although an attempt of it may have got through. `parts`
    divides each fate: by state what is in flight, by reason what is rejected, expired or withheld.
    """

    currency: str
    lines: tuple[Line, ...]  # oldest first
    settled: Figure
    parts: Mapping[Fate, Mapping[str, Figure]]
    refunded: Figure
    off_stripe: Figure
    maybe_told: Figure = field(default_factory=Figure)

    def of(self, fate: Fate) -> Figure:
        """Sum the parts of one fate."""
        found = self.parts[fate].values()
        keys = tuple(key for figure in found for key in figure.sale_keys)
        return Figure(sum(figure.amount_minor for figure in found), keys)

    @property
    def net_minor(self) -> int:
        return self.settled.amount_minor - self.refunded.amount_minor

    @property
    def unexplained(self) -> Figure:
        """What settled and stands nowhere, or stands where it should not; empty if all is well."""
        fates = [self.of(fate) for fate in Fate]
        settled = Counter(self.settled.sale_keys)
        placed = Counter(key for figure in fates for key in figure.sale_keys)
        return Figure(
            self.settled.amount_minor - sum(figure.amount_minor for figure in fates),
            tuple(sorted(k for k in settled | placed if settled[k] != placed[k])),
        )

    @property
    def adds_up(self) -> bool:
        return self.unexplained == Figure()

    def figures(self) -> dict[str, Figure]:
        """Give every figure by the name it is asked for: `withheld`, `withheld:renewal`, …"""
        found = {"settled": self.settled}
        for fate in Fate:
            found[fate] = self.of(fate)
            if fate is not Fate.ACCEPTED:
                found |= {f"{fate}:{part}": each for part, each in self.parts[fate].items()}
        aside = {
            "refunded": self.refunded,
            "off_stripe": self.off_stripe,
            "maybe_told": self.maybe_told,
        }
        return {**found, **aside, "unexplained": self.unexplained}

    def behind(self, figure: str) -> tuple[Line, ...]:
        """List the sales behind a figure; none where it is not on this statement."""
        keys = set(self.figures().get(figure, Figure()).sale_keys)
        return tuple(line for line in self.lines if line.sale_key in keys)

    def major(self, amount_minor: int) -> Decimal:
        return major_units(amount_minor, self.currency)


FIGURES: Final = ("settled", *Fate, "refunded", "off_stripe", "maybe_told", "unexplained")
# What is rejected has Meta's numbers for reasons, of which there is no list.
_PARTS: Final[Mapping[str, frozenset[str]]] = {
    Fate.IN_FLIGHT: OPEN,
    Fate.EXPIRED: frozenset(Expired) | {UNNAMED},
    Fate.WITHHELD: frozenset(Withheld) | {UNNAMED},
}


def is_figure(name: str) -> bool:
    """Tell whether a statement could have such a figure, be it empty today."""
    whole, colon, part = name.partition(":")
    if not colon:
        return whole in FIGURES
    return part in _PARTS.get(whole, frozenset()) or (whole == Fate.REJECTED and bool(part))


def statements(purchases: Iterable[Purchase], destination: Destination) -> tuple[Statement, ...]:
    """Make one statement a currency. A sale that is read twice counts once."""
    lines = {each.sale_key: line_of(each, destination) for each in purchases}
    oldest_first = sorted(lines.values(), key=lambda line: (line.settled_at, line.sale_key))
    return tuple(
        _statement(currency, [line for line in oldest_first if line.currency == currency])
        for currency in sorted({line.currency for line in oldest_first})
    )


def _statement(currency: str, lines: list[Line]) -> Statement:
    return Statement(
        currency=currency,
        lines=tuple(lines),
        settled=_settled(lines),
        parts={fate: _parts(lines, fate) for fate in Fate},
        refunded=_figure({line.sale_key: line.refunded_minor for line in lines}),
        off_stripe=_figure({line.sale_key: line.off_stripe_minor for line in lines}),
        maybe_told=_settled([line for line in lines if line.maybe_told]),
    )


def _parts(lines: list[Line], fate: Fate) -> dict[str, Figure]:
    mine = [line for line in lines if line.state is not None and fate_of(line.state) is fate]
    names = sorted({line.part for line in mine})
    return {name: _settled([line for line in mine if line.part == name]) for name in names}


def _settled(lines: list[Line]) -> Figure:
    keys = tuple(line.sale_key for line in lines)
    return Figure(sum(line.settled_minor for line in lines), keys)


def _figure(amounts: Mapping[str, int]) -> Figure:
    """Sum what only some sales have; the others are not behind the figure."""
    having = {key: amount for key, amount in amounts.items() if amount}
    return Figure(sum(having.values()), tuple(having))
