"""Folding text to what people mean when they type it without accents, hamzas or capitals."""

import re
import unicodedata

# Letters that Unicode does not take apart but keyboards elsewhere lack.
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ħ": "h",
        # Alef maqsura and ta marbuta are commonly typed as ya and ha; the rest is alef without its hamza or wasla.
        "ى": "ي",
        "ة": "ه",
        "ٱ": "ا",
        "ـ": "",
    }
)
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, Arabic vowel signs, hamzas, tatweel and invisible characters.

    Runs of white space become one blank. For comparing and finding only, never for showing.
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(sign for sign in apart if unicodedata.category(sign) not in {"Mn", "Cf", "Cc"} or sign.isspace())
    return _SPACE.sub(" ", kept.translate(_PLAIN)).strip()
