"""i;unicode-casemap (RFC 5051) and the looser comparison."""

import unicodedata

from mailstead.services.search.folding import fold_text, loose_words, score_loosely


def test_every_character_as_the_rfc_says() -> None:
    for code in range(0x30000):
        if 0xD800 <= code < 0xE000:
            continue
        char = chr(code)
        title = char.title()
        assert fold_text(char) == unicodedata.normalize("NFKD", title if len(title) == 1 else char), hex(code)


def test_the_examples() -> None:
    assert fold_text("\u01c4") == "Dz\u030c"  # RFC 5051 §2
    assert fold_text("Straße, große") == "STRAßE, GROßE"
    assert fold_text("ὈΔΥΣΣΕΎΣ") == fold_text("ὀδυσσεύς")


def test_scores() -> None:
    needle = loose_words("Ete  LYON")
    texts = ["Été, Lyon!", "lyon en été", "lyonnais etes", "coquete xlyon", "ete"]
    assert [score_loosely(needle, loose_words(text)) for text in texts] == [100, 70, 40, 10, 0]
