"""
Countries: ISO 3166-1 names and codes, read as people write them.

Meta wants alpha-2 in lower case and nothing else. Its own Parameter Builder cuts what it does
not know to two letters (Great Britain becomes gr, which is Greece); here it is dropped instead.
"""
# ruff: noqa: RUF001  Countries' own names stand in their own scripts.

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
# Written or left out at will, as are the order of words and all accents and punctuation.
_FILLERS: Final = frozenset({"the", "and", "of"})


def country_code(text: str) -> str | None:
    """
    Find the country's ISO 3166-1 alpha-2 code in lower case, or None if it is not sure.

    Takes codes of two and three letters, ISO's English names, what the countries call
    themselves, and the parts of the United Kingdom (as ISO 3166-2 does).
    """
    written = unicodedata.normalize("NFKC", text).strip().lower()
    return _codes().get(written) or _names().get(_key(written))


@lru_cache(maxsize=512)
def is_country(code: str) -> bool:
    """Tell a country's alpha-2 code, in either case, from what only looks like one: EU, ZZ."""
    return len(code) == len("xx") and country_code(code) == code.lower()


@cache
def _codes() -> dict[str, str]:
    """Codes apart from names: NA is Namibia, but N/A is not."""
    return {code: alpha2 for alpha2, alpha3, _ in _entries() for code in (alpha2, alpha3)}


@cache
def _names() -> dict[str, str]:
    return {_key(name): alpha2 for alpha2, _, names in _entries() for name in names.split("|")}


def _entries() -> list[list[str]]:
    return [entry.split(maxsplit=2) for entry in _COUNTRIES.split(";")]


def _key(name: str) -> str:
    """Reduce a name to its words, so that "Korea, Republic of" is "Republic of Korea"."""
    bare = (c for c in unicodedata.normalize("NFKD", name) if unicodedata.category(c) != "Mn")
    words = ("saint" if word == "st" else word for word in _WORD.findall("".join(bare).casefold()))
    return " ".join(sorted(word for word in words if word not in _FILLERS))


# alpha-2, alpha-3, names. Source: ISO 3166-1; to it come usual names, UK and EL as the European
# Union writes them, and XK, the code that ISO leaves to users and everybody uses for Kosovo.
_COUNTRIES: Final = """
ad and Andorra; ae are United Arab Emirates|UAE|U.A.E.|Emirates; af afg Afghanistan; ag atg Antigua
and Barbuda|Antigua; ai aia Anguilla; al alb Albania; am arm Armenia; ao ago Angola; aq ata
Antarctica; ar arg Argentina; as asm American Samoa; at aut Austria|Österreich|Autriche; au aus
Australia; aw abw Aruba; ax ala Åland Islands; az aze Azerbaijan; ba bih Bosnia and
Herzegovina|Bosnia|Bosna i Hercegovina; bb brb Barbados; bd bgd Bangladesh; be bel
Belgium|België|Belgique|Belgien; bf bfa Burkina Faso; bg bgr Bulgaria|България; bh bhr Bahrain; bi
bdi Burundi; bj ben Benin; bl blm Saint Barthélemy; bm bmu Bermuda; bn brn Brunei Darussalam|Brunei;
bo bol Bolivia|Bolivia, Plurinational State of; bq bes Bonaire, Sint Eustatius and Saba|Caribbean
Netherlands|Bonaire; br bra Brazil|Brasil; bs bhs Bahamas; bt btn Bhutan; bv bvt Bouvet Island; bw
bwa Botswana; by blr Belarus|Беларусь; bz blz Belize; ca can Canada; cc cck Cocos (Keeling)
Islands|Cocos Islands|Keeling Islands; cd cod Congo, The Democratic Republic of the|DR
Congo|DRC|Congo-Kinshasa; cf caf Central African Republic; cg cog Congo|Congo-Brazzaville|Republic
of the Congo; ch che Switzerland|Schweiz|Suisse|Svizzera|Svizra; ci civ Côte d'Ivoire|Ivory Coast;
ck cok Cook Islands; cl chl Chile; cm cmr Cameroon|Cameroun; cn chn China|People's Republic of
China|中国|中國|PR China|Mainland China; co col Colombia; cr cri Costa Rica; cu cub Cuba; cv cpv
Cabo Verde|Cape Verde; cw cuw Curaçao; cx cxr Christmas Island; cy cyp Cyprus|Κύπρος|Kıbrıs; cz cze
Czechia|Czech Republic|Česko|Česká republika; de deu Germany|Federal Republic of
Germany|Deutschland|Allemagne|Alemania; dj dji Djibouti; dk dnk Denmark|Danmark; dm dma Dominica; do
dom Dominican Republic|República Dominicana; dz dza Algeria|Algérie; ec ecu Ecuador; ee est
Estonia|Eesti; eg egy Egypt|Misr; eh esh Western Sahara; er eri Eritrea; es esp
Spain|España|Spanien|Espagne; et eth Ethiopia; fi fin Finland|Suomi; fj fji Fiji; fk flk Falkland
Islands (Malvinas)|Falkland Islands; fm fsm Micronesia, Federated States of|Micronesia; fo fro Faroe
Islands; fr fra France|French Republic|Frankreich|Francia|République française; ga gab Gabon; gb gbr
United Kingdom|United Kingdom of Great Britain and Northern Ireland|Britain|Great
Britain|U.K.|England|Scotland|Wales|Northern Ireland|UK; gd grd Grenada; ge geo Georgia; gf guf
French Guiana; gg ggy Guernsey; gh gha Ghana; gi gib Gibraltar; gl grl Greenland; gm gmb Gambia; gn
gin Guinea; gp glp Guadeloupe; gq gnq Equatorial Guinea; gr grc Greece|EL|Ελλάδα|Hellas|Hellenic
Republic; gs sgs South Georgia and the South Sandwich Islands; gt gtm Guatemala; gu gum Guam; gw gnb
Guinea-Bissau; gy guy Guyana; hk hkg Hong Kong|香港|Hong Kong SAR|Hong Kong SAR China; hm hmd Heard
Island and McDonald Islands; hn hnd Honduras; hr hrv Croatia|Hrvatska; ht hti Haiti; hu hun
Hungary|Magyarország; id idn Indonesia; ie irl Ireland|Éire|Republic of Ireland; il isr Israel; im
imn Isle of Man; in ind India|Bharat; io iot British Indian Ocean Territory; iq irq Iraq; ir irn
Iran|Iran, Islamic Republic of; is isl Iceland|Ísland; it ita Italy|Italia|Italien|Italie; je jey
Jersey; jm jam Jamaica; jo jor Jordan; jp jpn Japan|日本; ke ken Kenya; kg kgz Kyrgyzstan; kh khm
Cambodia; ki kir Kiribati; km com Comoros; kn kna Saint Kitts and Nevis; kp prk North Korea|Korea,
Democratic People's Republic of; kr kor South Korea|Korea, Republic of|대한민국|한국; kw kwt Kuwait;
ky cym Cayman Islands; kz kaz Kazakhstan; la lao Laos|Lao People's Democratic Republic; lb lbn
Lebanon; lc lca Saint Lucia; li lie Liechtenstein; lk lka Sri Lanka; lr lbr Liberia; ls lso Lesotho;
lt ltu Lithuania|Lietuva; lu lux Luxembourg|Luxemburg|Lëtzebuerg; lv lva Latvia|Latvija; ly lby
Libya; ma mar Morocco|Maroc; mc mco Monaco; md mda Moldova|Moldova, Republic of; me mne Montenegro;
mf maf Saint Martin (French part)|Saint Martin; mg mdg Madagascar; mh mhl Marshall Islands; mk mkd
North Macedonia|Macedonia; ml mli Mali; mm mmr Myanmar|Burma; mn mng Mongolia; mo mac
Macao|Macau|澳門|Macao SAR; mp mnp Northern Mariana Islands; mq mtq Martinique; mr mrt Mauritania;
ms msr Montserrat; mt mlt Malta; mu mus Mauritius; mv mdv Maldives; mw mwi Malawi; mx mex Mexico; my
mys Malaysia; mz moz Mozambique; na nam Namibia; nc ncl New Caledonia; ne ner Niger; nf nfk Norfolk
Island; ng nga Nigeria; ni nic Nicaragua; nl nld Netherlands|Nederland|Holland|Pays-Bas|Niederlande;
no nor Norway|Norge|Noreg; np npl Nepal; nr nru Nauru; nu niu Niue; nz nzl New Zealand|Aotearoa; om
omn Oman; pa pan Panama; pe per Peru; pf pyf French Polynesia; pg png Papua New Guinea; ph phl
Philippines|Pilipinas; pk pak Pakistan; pl pol Poland|Polska|Polen; pm spm Saint Pierre and
Miquelon; pn pcn Pitcairn; pr pri Puerto Rico; ps pse Palestine, State of|Palestine|Palestinian
Territories; pt prt Portugal; pw plw Palau; py pry Paraguay; qa qat Qatar; re reu Réunion|La
Réunion; ro rou Romania; rs srb Serbia|Srbija|Србија; ru rus Russian Federation|Russia|Россия; rw
rwa Rwanda; sa sau Saudi Arabia|KSA; sb slb Solomon Islands; sc syc Seychelles; sd sdn Sudan; se swe
Sweden|Sverige; sg sgp Singapore; sh shn Saint Helena, Ascension and Tristan da Cunha|St Helena; si
svn Slovenia|Slovenija; sj sjm Svalbard and Jan Mayen; sk svk Slovakia|Slovak Republic|Slovensko; sl
sle Sierra Leone; sm smr San Marino; sn sen Senegal; so som Somalia; sr sur Suriname; ss ssd South
Sudan; st stp Sao Tome and Principe|São Tomé; sv slv El Salvador; sx sxm Sint Maarten (Dutch
part)|Sint Maarten; sy syr Syria|Syrian Arab Republic; sz swz Eswatini|Swaziland; tc tca Turks and
Caicos Islands; td tcd Chad; tf atf French Southern Territories|French Southern and Antarctic Lands;
tg tgo Togo; th tha Thailand; tj tjk Tajikistan; tk tkl Tokelau; tl tls Timor-Leste|East Timor; tm
tkm Turkmenistan; tn tun Tunisia|Tunisie; to ton Tonga; tr tur Türkiye|Turkey; tt tto Trinidad and
Tobago|Trinidad; tv tuv Tuvalu; tw twn Taiwan|Taiwan, Province of China|台灣|臺灣|台湾; tz tza
Tanzania|Tanzania, United Republic of; ua ukr Ukraine|Україна; ug uga Uganda; um umi United States
Minor Outlying Islands|US minor outlying islands; us usa United States|United States of
America|U.S.|U.S.A.|America|Estados Unidos|États-Unis|Vereinigte Staaten; uy ury Uruguay; uz uzb
Uzbekistan; va vat Holy See (Vatican City State)|Vatican City|Vatican; vc vct Saint Vincent and the
Grenadines|St Vincent; ve ven Venezuela|Venezuela, Bolivarian Republic of; vg vgb Virgin Islands,
British; vi vir Virgin Islands, U.S.|US Virgin Islands|United States Virgin Islands; vn vnm
Vietnam|Viet Nam; vu vut Vanuatu; wf wlf Wallis and Futuna; ws wsm Samoa; xk xkx Kosovo; ye yem
Yemen; yt myt Mayotte; za zaf South Africa; zm zmb Zambia; zw zwe Zimbabwe
"""
