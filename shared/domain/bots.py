"""
Bots: visitors that say of themselves that they are none.

They run the tag (a search engine renders pages), and every event of theirs would teach Meta
about a machine. What is listed names itself; whoever hides is not looked for here. HTTP
libraries and headless browsers are not on the list either: they do not come by themselves, and
somebody who tests a shop with one wants to see his events arrive.

Source: github.com/monperrus/crawler-user-agents, looked through in November 2026. It is not
taken whole: it also lists the in-app browsers of Facebook and Instagram, in which Meta's own
visitors come.
"""

import re
from functools import lru_cache
from typing import Final

_BOT: Final = re.compile(
    # Most bear it in their name. CUBOT makes telephones.
    r"(?<!cu)bots?(?![a-z])|crawl(?:er)?(?![a-z])|spider(?![a-z])"
    # Others leave an address for complaints; no browser does.
    r"|://"
    # Search engines, and what they send ahead of their ads and shopping listings.
    r"|mediapartners-google|google-[a-z]|googleother|google favicon|google web preview"
    r"|googleimageproxy|apis-google|feedfetcher|slurp|duckduckgo-favicons|coccoc|ichiro"
    r"|yandex(?:images|metrika|direct|mobile|accessibility)|qwantify|daum(?:oa)?/|bingpreview"
    # Previews of links; the apps' own browsers (FBAN, FBAV, Instagram) are people.
    r"|facebookexternalhit|facebookcatalog|facebookplatform|meta-external[a-z]{2,12}|embedly"
    r"|skypeuripreview|^whatsapp|^viber|iframely|flipboardproxy|vkshare"
    # Assistants that read pages for somebody.
    r"|chatgpt-user|claude-user|perplexity-user|mistralai-user|anthropic-ai|cohere-ai|manus-user"
    r"|duckassist|gemini-deep-research|novaact|youchat"
    # Searchers of faults, of speed and of whether a site is up.
    r"|chrome-lighthouse|pagespeed|gtmetrix|dareboost|ptst/|pingdom|statuscake|site24x7|uptime"
    r"|catchpoint|datadogsynthetics|ruxitsynthetic|dynatrace|newrelicpinger|screaming frog"
    r"|sitebulb|siteimprove|deadlinkchecker|w3c_validator|nessus|nikto|acunetix|netcraft|censys"
    # Archives and copies.
    r"|archive\.org|heritrix|httrack|wayback|prerender|rendertron|scrapy|nutch",
    re.ASCII,
)


# "(compatible; Name/1.0; +https://…)", or the first word of all.
_NAME: Final = re.compile(r"(?:compatible; ?|^)(?!mozilla)([\w.!-]{2,32})", re.ASCII)
_WORD: Final = re.compile(r"[\w.!-]{2,32}", re.ASCII)


@lru_cache(maxsize=1_024)
def bot_of(user_agent: str | None) -> str | None:
    """
    Name the bot in lower case; None for a person, and for one who says nothing.

    Remembered, since most visitors share a few hundred user agents.
    """
    text = (user_agent or "").lower()
    found = _BOT.search(text)
    if found is None:
        return None
    if found.group() == "://":
        named = _NAME.search(text)
        return named[1] if named else "unnamed"
    whole = next((word for word in _WORD.finditer(text) if word.end() > found.start()), found)
    return whole.group()
