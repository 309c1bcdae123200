"""Bytes to text by charset name: a fixed table (no name of a stranger is ever looked up), and a rule to guess by."""

from encodings.aliases import aliases
from typing import Final

# Codecs that mail may name. Not among them: codecs that import by name, run slower than linear or are no charsets
# (punycode, idna, unicode_escape, hex, zlib...).
_CODECS: Final = """
    ascii utf_8 utf_7 utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le big5 big5hkscs cp037 cp437 cp500 cp720
    cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp932 cp949
    cp950 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 euc_jp
    euc_jis_2004 euc_kr gb2312 gbk gb18030 hz iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_ext iso2022_kr
    latin_1 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 iso8859_10 iso8859_11
    iso8859_13 iso8859_14 iso8859_15 iso8859_16 johab koi8_r koi8_t koi8_u kz1048 mac_cyrillic mac_greek
    mac_iceland mac_latin2 mac_roman mac_turkish ptcp154 shift_jis shift_jisx0213 tis_620
""".split()  # noqa: SIM905 - a table for people

# What senders mean (Encoding Standard of the WHATWG, §4.2): each is a superset of what is named.
_MEANT: Final = {
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
}

_EXTRA: Final = {
    "unknown_8bit": "",
    "x_unknown": "",
    "default": "",
    "unicode_1_1_utf_7": "utf_7",
    "unicode_1_1_utf_8": "utf_8",
    "utf8mb4": "utf_8",
    "x_sjis": "cp932",
    "x_gbk": "gb18030",
    "x_euc_jp": "euc_jp",
    "x_big5": "big5hkscs",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "ks_c_5601": "cp949",
    "ks_c_5601_1987": "cp949",
    "ansi_x3.4_1968": "ascii",
    "macintosh": "mac_roman",
    "x_mac_roman": "mac_roman",
    "x_mac_cyrillic": "mac_cyrillic",
    "cp_850": "cp850",
    "windows_874": "cp874",
    "windows_31j": "cp932",
    "windows_949": "cp949",
}


def _table() -> dict[str, str]:
    known = {name: name for name in _CODECS}
    known |= {alias: codec for alias, codec in aliases.items() if codec in known}
    known |= {f"iso_8859_{n}": f"iso8859_{n}" for n in range(2, 17) if n != 12}
    known |= {f"x_{name}": codec for name, codec in known.items()}
    known |= _EXTRA
    return {name: _MEANT.get(codec, codec) for name, codec in known.items()}


_TABLE: Final = _table()
_PUNCTUATION: Final = str.maketrans({" ": "_", "-": "_", ":": "_"})


def find_codec(charset: bytes) -> str | None:
    """Python's codec for a charset name; None if we do not know it."""
    name = charset.strip(b"\"' \t").lower().decode("latin-1").translate(_PUNCTUATION)
    return _TABLE.get(name) or None


def is_charset(charset: bytes) -> bool:
    """For SEARCH CHARSET (RFC 9051 §6.4.4): names that can be read."""
    return find_codec(charset) is not None


def decode_charset(data: bytes, charset: bytes | None) -> str:
    """The declared charset if it fits, else UTF-8 if that fits, else what the declared one can make of it."""
    codec = find_codec(charset) if charset else None
    if codec is None or codec == "ascii":
        return guess_text(data)
    try:
        return _without_surrogates(data.decode(codec)) if codec == "utf_7" else data.decode(codec)
    except ValueError:
        pass
    try:
        if not data.isascii():  # seven bits are no sign of UTF-8
            return data.decode("utf-8")
    except ValueError:
        pass
    return _without_surrogates(data.decode(codec, "replace"))


def _without_surrogates(text: str) -> str:
    """UTF-7 lets halves of a pair through, which no other encoding can store."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def guess_text(data: bytes) -> str:
    """Undeclared text: ASCII or strict UTF-8, escapes of ISO-2022-JP, else Windows-1252."""
    if data.isascii():
        if b"\x1b$" in data or b"\x1b(" in data:  # RFC 1468: designations of its character sets
            return data.decode("iso2022_jp_ext", "replace")
        return data.decode("ascii")
    try:
        return data.decode("utf-8")
    except ValueError:
        return data.decode("cp1252", "replace")
