"""States of the USA and provinces of Canada: the codes of their posts, found by name."""

from functools import cache
from typing import Final
from unicodedata import normalize

from shared.domain.characters import only, shown

# Official names, then usual ones; USPS also gives codes to territories and the forces.
_UNITED_STATES: Final = """
al Alabama; ak Alaska; az Arizona; ar Arkansas; ca California; co Colorado; ct Connecticut; de
Delaware; fl Florida; ga Georgia; hi Hawaii; id Idaho; il Illinois; in Indiana; ia Iowa; ks Kansas;
ky Kentucky; la Louisiana; me Maine; md Maryland; ma Massachusetts; mi Michigan; mn Minnesota; ms
Mississippi; mo Missouri; mt Montana; ne Nebraska; nv Nevada; nh New Hampshire; nj New Jersey; nm
New Mexico; ny New York|New York State; nc North Carolina; nd North Dakota; oh Ohio; ok Oklahoma; or
Oregon; pa Pennsylvania; ri Rhode Island; sc South Carolina; sd South Dakota; tn Tennessee; tx
Texas; ut Utah; vt Vermont; va Virginia; wa Washington|Washington State; wv West Virginia; wi
Wisconsin; wy Wyoming; dc District of Columbia|Washington DC; as American Samoa; gu Guam; mp
Northern Mariana Islands; pr Puerto Rico; vi Virgin Islands|US Virgin Islands|United States Virgin
Islands; fm Federated States of Micronesia|Micronesia; mh Marshall Islands; pw Palau; aa Armed
Forces Americas; ae Armed Forces Europe; ap Armed Forces Pacific
"""
_CANADA: Final = """
ab Alberta; bc British Columbia|Colombie-Britannique; mb Manitoba; nb New
Brunswick|Nouveau-Brunswick; nl Newfoundland and Labrador|Newfoundland|Terre-Neuve-et-Labrador; ns
Nova Scotia|Nouvelle-Écosse; nt Northwest Territories|Territoires du Nord-Ouest; nu Nunavut; on
Ontario; pe Prince Edward Island|PEI|Île-du-Prince-Édouard; qc Québec; sk Saskatchewan; yt
Yukon|Yukon Territory
"""
_TABLES: Final = {"us": _UNITED_STATES, "ca": _CANADA}


def has_region_codes(country: str) -> bool:
    """Tell whether Meta's state is a code there; `country` is alpha-2 in lower case."""
    return country in _TABLES


def region_code(text: str, country: str) -> str | None:
    """Find the two-letter code in lower case; takes the code, US-CA (ISO 3166-2) and names."""
    return _codes(country).get(_key(shown(text).lower().removeprefix(f"{country}-")))


@cache
def _codes(country: str) -> dict[str, str]:
    """Codes by code and by name."""
    codes: dict[str, str] = {}
    for entry in _TABLES[country].split(";"):
        code, names = entry.split(maxsplit=1)
        codes |= {_key(name): code for name in (code, *names.split("|"))}
    return codes


def _key(text: str) -> str:
    """Reduce a name to its letters without accents."""
    return only("L", normalize("NFKD", text.lower()))
