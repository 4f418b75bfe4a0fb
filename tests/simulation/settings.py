"""
Settings: what the shop of a seed chose, as its environment says it.

The functions read it as they read it when deployed (`shared.config`); the oracle reads the words
themselves, so that a policy that is parsed or kept wrongly is found as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from shared import config, forms
from shared.domain.policies import Policies
from shared.domain.shedding import Budget

DEFAULTS: Mapping[str, str] = {
    "STRIPE_LIVEMODE": "false",
    "CONSENT_REQUIRED": "true",
    "CONSENT_REGIONS": "",
    "UNMATCHED": "send",
    "PURCHASE_VALUE": "total",
    "RENEWAL_EVENT": "none",
    "TRIAL_EVENT": "none",
    "REFUND_EVENT": "none",
    "STRIPE_DIRECT_PAYMENTS": "false",
    "MATCH_FOR": "15m",
    "SHED_EVENTS": "PageView",
    "EVENT_BUDGET": "none",
}
# What else a shop may choose.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "STRIPE_LIVEMODE": ("true",),
    "CONSENT_REQUIRED": ("false",),
    "CONSENT_REGIONS": ("FR", "DE,us", "US"),
    "UNMATCHED": ("withhold",),
    "PURCHASE_VALUE": ("net_of_tax_and_shipping",),
    "RENEWAL_EVENT": ("Purchase", "Renewal"),
    "TRIAL_EVENT": ("StartTrial",),
    "REFUND_EVENT": ("Refunded",),
    "STRIPE_DIRECT_PAYMENTS": ("true",),
    "MATCH_FOR": ("0", "90", "2h"),
    "SHED_EVENTS": ("none", "PageView,ViewContent"),
    "EVENT_BUDGET": ("1", "2"),
}
# How often it does.
_OFTEN = {"STRIPE_LIVEMODE": 0.04, "SHED_EVENTS": 0.2}
_SECONDS = {"0": 0, "90": 90, "15m": 900, "2h": 7_200}


@dataclass(frozen=True, slots=True)
class Settings:
    """Each setting by its name; what is read here, is read without the code under test."""

    chosen: Mapping[str, str]

    def __str__(self) -> str:
        others = [f"{n}={t}" for n, t in self.chosen.items() if t != DEFAULTS[n]]
        return " ".join(others) or "every setting as it comes"

    # As the functions read them.

    @property
    def policies(self) -> Policies:
        return config.policies(self.chosen)

    @property
    def shed(self) -> frozenset[str]:
        return config.shed(self.chosen)

    @property
    def budget(self) -> Budget | None:
        a_second = forms.number_or_none(self.chosen["EVENT_BUDGET"])
        return None if a_second is None else Budget(a_second)

    # As the oracle reads them.

    def says(self, name: str) -> str:
        return self.chosen[name]

    def named(self, name: str) -> str | None:
        """Read the name of an event that is reported, None where the shop reports none."""
        return None if self.chosen[name] == "none" else self.chosen[name]

    def is_set(self, name: str) -> bool:
        return self.chosen[name] == "true"

    def asks(self, country: str | None) -> bool:
        """Tell whether somebody there must have agreed; where is unknown, it counts as there."""
        regions = self.chosen["CONSENT_REGIONS"].upper()
        is_there = not regions or country is None or country in regions.split(",")
        return self.is_set("CONSENT_REQUIRED") and is_there

    @property
    def match_for(self) -> timedelta:
        return timedelta(seconds=_SECONDS[self.chosen["MATCH_FOR"]])

    @property
    def may_be_shed(self) -> set[str]:
        return set(self.chosen["SHED_EVENTS"].split(",")) - {"none"}


def drawn_by(dice: Random) -> Settings:
    """Draw what a shop chose: a third of them nothing at all."""
    if dice.random() < 1 / 3:
        return Settings(DEFAULTS)
    others = {
        name: dice.choice(texts)
        for name, texts in CHOICES.items()
        if dice.random() < _OFTEN.get(name, 0.3)
    }
    return Settings({**DEFAULTS, **others})
