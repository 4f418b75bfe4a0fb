"""
The oracle: what the policies say of each sale, by what Stripe, the visitors and the shop know.

Written from the README's table and not from the code; it knows neither its types nor its reasons
but by name.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.settings import Settings
from tests.simulation.stripe_sales import StripeSale, sales_of

if TYPE_CHECKING:
    from tests.simulation.runs import Run
    from tests.simulation.visitors import Visitor


@dataclass(frozen=True, slots=True)
class Expected:
    """
    What may become of a sale, whatever happens on its way.

    `silent` are the reasons for which nobody is ever told, one of which must be given; where
    there is none it is told as `event_name`, worth `value_minor`, unless something happens on
    its way. `sessions` are those that may explain it, the closest first.
    """

    sale: StripeSale
    event_name: str | None
    value_minor: int
    silent: frozenset[str]
    maybe_silent: frozenset[str]
    sessions: tuple[str, ...]

    @property
    def may_be_told(self) -> bool:
        return not self.silent

    @property
    def is_for_the_pixel(self) -> bool:
        """The Pixel says Purchase alone, so a renewal or a trial is none of its business."""
        return not self.sale.is_renewal and self.sale.settled > 0


def expectations(run: "Run") -> dict[str, Expected]:
    """Judge every sale of the account that is ours to know of, by its sale key."""
    settings = run.plan.settings
    takes_direct = settings.is_set("STRIPE_DIRECT_PAYMENTS")
    known = {each: visitor for visitor in run.visitors.values() for each in visitor.sessions}
    sales = sales_of(run.shop.stripe.account, takes_direct=takes_direct)
    return {
        key: _expected(settings, sale, known)
        for key, sale in sales.items()
        # Another account's sale is ours where it names a session of ours itself.
        if not sale.is_connected or known.keys() & set(sale.named)
    }


def _expected(settings: Settings, sale: StripeSale, known: "dict[str, Visitor]") -> Expected:
    name, value = _event_name(settings, sale), _value(settings, sale)
    sessions = tuple(each for each in (*sale.named, *sale.inferred) if each in known)
    by_customer = sorted(sale.by_customer & known.keys()) if sale.is_renewal else []
    # What led a customer to another plan explains this one, or is not known in time.
    whose = [known[sessions[0]]] if sessions else [*(known[each] for each in by_customer), None]
    answers = [
        _of_the_person(settings, country, visitor)
        for visitor in whose
        for country in sale.countries
    ]
    certain = frozenset.intersection(*answers)
    silent = certain.union(_of_the_money(settings, sale, name, value))
    maybe = frozenset().union(*answers) - silent
    return Expected(sale, name, value, silent, maybe, sessions or tuple(by_customer))


def _event_name(settings: Settings, sale: StripeSale) -> str | None:
    if sale.settled == 0:
        return settings.named("TRIAL_EVENT") if sale.is_trial_start else None
    return settings.named("RENEWAL_EVENT") if sale.is_renewal else "Purchase"


def _value(settings: Settings, sale: StripeSale) -> int:
    is_net = settings.says("PURCHASE_VALUE") == "net_of_tax_and_shipping"
    return max(0, sale.settled - sale.beside) if is_net else sale.settled


def _of_the_money(settings: Settings, sale: StripeSale, name: str | None, value: int):
    if sale.livemode is not settings.is_set("STRIPE_LIVEMODE"):
        yield "test_mode"
    if name is None:
        yield "zero" if sale.settled == 0 else "renewal"
        if sale.price > sale.settled == 0:
            # Before basil an invoice says nothing of what was paid elsewhere.
            yield "off_stripe"
    elif sale.settled and not value:
        yield "zero"


def _of_the_person(
    settings: Settings, country: str | None, visitor: "Visitor | None"
) -> frozenset[str]:
    """
    Say what stands against telling of somebody whom Stripe knows to live in a country.

    An answer decides wherever they live; no answer is enough only where nobody asks for one.
    """
    if visitor is None:
        unmatched = settings.says("UNMATCHED") == "withhold"
        found = {"no_consent": settings.asks(country), "unmatched": unmatched}
        return frozenset(reason for reason, holds in found.items() if holds)
    may = visitor.agrees if visitor.has_answered else not settings.asks(country or visitor.country)
    return frozenset() if may else frozenset({"no_consent"})
