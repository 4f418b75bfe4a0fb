"""Characters of text that people typed or pasted: what shows, what only sounds, who is named."""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

# Drawn as nothing though Unicode calls them letters or marks (Default_Ignorable_Code_Point):
# joiners, fillers and variation selectors.
_BLANKS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Controls, formats (zero-width space, direction marks, the byte order mark) and surrogates.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})


def shown(text: str) -> str:
    """Drop what cannot be seen and trim; white space inside the text stays as it is."""
    visible = (c for c in text if c.isspace() or unicodedata.category(c) not in _HIDDEN)
    return _BLANKS.sub("", "".join(visible)).strip()


def only(kinds: str, text: str) -> str:
    """
    Keep the characters of these Unicode categories, by first letter: "LMN" for letters,
    marks and numbers. Space, punctuation, symbols and all that is hidden go; what has
    neither letter nor number left is empty.
    """
    kept = "".join(c for c in _BLANKS.sub("", text) if unicodedata.category(c)[0] in kinds)
    return kept if any(unicodedata.category(c)[0] in "LN" for c in kept) else ""


def with_ascii_digits(text: str) -> str:
    """Write every decimal digit as 0 to 9: Arabic-Indic, full-width and the rest."""
    return "".join(str(unicodedata.decimal(c, c)) for c in text)


# Controls, and surrogates, which no store can encode.
_UNCLEAN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def is_clean(text: str) -> bool:
    """Tell whether text can be encoded and shown."""
    return _UNCLEAN.search(text) is None


# Each part stops at the next @, so that a text of nothing else is read once and not once an @.
_EMAIL: Final = re.compile(r"[^\s@]@+[^\s@]+\.[^\s@]")


def names_anybody(text: str) -> bool:
    """Look for an e-mail address, also one that was encoded twice."""
    if "@" not in text and "%" not in text:
        return False
    return _EMAIL.search(unquote(unquote(text))) is not None
