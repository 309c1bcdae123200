"""SASLprep (RFC 4013): the form in which SCRAM clients put a password into PBKDF2."""

import stringprep
import unicodedata
from typing import Final

_PROHIBITED: Final = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str:
    """The prepared text; what RFC 4013 prohibits (emoji of today among it) stays as it is, as clients leave it too."""
    spaced = (" " if stringprep.in_table_c12(char) else char for char in text)
    mapped = "".join(char for char in spaced if not stringprep.in_table_b1(char))
    # RFC 3454 is of Unicode 3.2: stringprep's own database
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    return text if not prepared or _is_prohibited(prepared) else prepared


def _is_prohibited(text: str) -> bool:
    if any(stringprep.in_table_a1(char) or any(table(char) for table in _PROHIBITED) for char in text):
        return True
    if not any(map(stringprep.in_table_d1, text)):
        return False
    # RFC 3454 §6: text of right to left holds nothing of left to right, and begins and ends with its own
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return any(map(stringprep.in_table_d2, text)) or not ends
