"""How text is compared: without case, compatibility forms as one (much as i;unicode-casemap of RFC 5051)."""

import unicodedata


def fold_text(text: str) -> str:
    """The form in which a needle is looked for."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
