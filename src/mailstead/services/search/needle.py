"""A text that is looked for, with cheap conditions that must hold where it is found: most messages need no decoding.

They look for its longest run of ASCII letters and digits. Such a run stands in the raw text as it is read, whatever is
folded, quoted or marked up around it; where something could produce letters that do not stand there, they say "maybe".
"""

import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.html import unescape
from mailstead.services.search.folding import fold_text

_RUN: Final = re.compile(r"[A-Z0-9]+")
# What may hide or join letters: 8-bit text, NUL, encoded words, quoted pairs, comments, a CR without its LF.
_ODD_FIELD: Final = re.compile(rb"[\x80-\xff\0\\(]|=\?|\r(?!\n)")
_ODD_HEADER: Final = re.compile(rb"[\x80-\xff\0]|=\?|\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Needle:
    """`text` is folded and not empty."""

    text: str
    run: str
    raw: bytes

    @classmethod
    def of(cls, text: str) -> "Needle":
        """The longest run counts."""
        run = max(_RUN.findall(text), key=len, default="")
        return cls(text, run, run.encode("ascii"))

    def may_be_in_address(self, value: bytes) -> bool:
        """In a field of addresses, however it is written anew."""
        return bool(_ODD_FIELD.search(value)) or self.raw in value.translate(None, b'"').upper()

    def may_be_in_header(self, header: bytes) -> bool:
        """In names or unfolded values of a header block."""
        return self.raw in header.upper() or bool(_ODD_HEADER.search(header))

    def may_be_in_html(self, source: str) -> bool:
        """In the text of it. A tag may stand within a word: then one part ends before a "<", the next follows a ">"."""
        folded, run = fold_text(unescape(source)), self.run
        if run in folded:
            return True
        return any(f"{run[:cut]}<" in folded and f">{run[cut]}" in folded for cut in range(1, len(run)))
