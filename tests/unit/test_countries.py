"""A country is known by its ISO 3166 name or code, or it is dropped."""

import pytest

from shared.domain.countries import _COUNTRIES, _codes, _key, country_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("us", "us"),
        ("US", "us"),
        (" us ", "us"),
        ("ＵＳ", "us"),
        ("USA", "us"),
        ("U.S.A.", "us"),
        ("United States", "us"),
        ("the united states of america", "us"),
        ("UK", "gb"),
        ("Great Britain", "gb"),
        ("Scotland", "gb"),
        ("Northern Ireland", "gb"),
        ("Ireland", "ie"),
        ("NA", "na"),
        ("Namibia", "na"),
        ("Korea, Republic of", "kr"),
        ("Republic of Korea", "kr"),
        ("Korea (Democratic People's Republic of)", "kp"),
        ("Congo", "cg"),
        ("Congo, Democratic Republic of the", "cd"),
        ("Niger", "ne"),
        ("Nigeria", "ng"),
        ("Dominica", "dm"),
        ("Dominican Republic", "do"),
        ("Guinea", "gn"),
        ("Guinea-Bissau", "gw"),
        ("Samoa", "ws"),
        ("American Samoa", "as"),
        ("Virgin Islands (British)", "vg"),
        ("Virgin Islands (U.S.)", "vi"),
        ("Cote d’Ivoire", "ci"),
        ("CURACAO", "cw"),
        ("St. Lucia", "lc"),
        ("Trinidad & Tobago", "tt"),
        ("Deutschland", "de"),
        ("Österreich", "at"),
        ("TURKIYE", "tr"),
        ("日本", "jp"),
        ("Greece", "gr"),
        ("SVK", "sk"),
        ("SVN", "si"),
        ("AUT", "at"),
        ("AUS", "au"),
    ],
)
def test_a_country_is_found_by_code_and_by_name(text, code):
    assert country_code(text) == code


@pytest.mark.parametrize(
    "text",
    ["", " ", "N/A", "n.a.", "none", "null", "xx", "zz", "AA", "Korea", "Atlantis", "840", "-"],
)
def test_what_is_no_country_is_dropped_and_not_cut_to_two_letters(text):
    assert country_code(text) is None


def test_all_of_iso_3166_is_there_and_kosovo():
    assert len(set(_codes().values())) == 249 + 1
    assert len(_codes()) == 2 * (249 + 1)


def test_no_name_means_two_countries():
    owners: dict[str, set[str]] = {}
    for entry in _COUNTRIES.split(";"):
        alpha2, _, names = entry.split(maxsplit=2)
        for name in names.split("|"):
            assert _key(name), name
            owners.setdefault(_key(name), set()).add(alpha2)

    assert [name for name, codes in owners.items() if len(codes) > 1] == []


def test_every_name_of_the_table_leads_to_its_code():
    for entry in _COUNTRIES.split(";"):
        alpha2, alpha3, names = entry.split(maxsplit=2)
        for text in (alpha2, alpha3, *names.split("|")):
            assert country_code(text) == alpha2
