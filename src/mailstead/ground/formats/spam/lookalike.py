"""Names made to be taken for others: letters of other alphabets, digits for letters, a letter more or less."""

import unicodedata
from functools import lru_cache
from typing import Final

from mailstead.ground.formats.spam.links import site_of
from mailstead.ground.model.address import display_domain

NAME_MAX: Final = 253
SHORT: Final = 5
"""Names up to this length have too many honest neighbours to be compared letter by letter."""

# What the eye takes for one another, after UTS 39 as far as names of domains can hold it.
_CONFUSABLE: Final = {
    ord(pair[0]): pair[1:]
    for pair in """
    аa еe оo рp сc уy хx іi јj ѕs ԁd ԛq ԝw һh ӏl кk мm тt вb нh гr пn ѵv ёe їi αa οo ρp νv ιi κk τt υu χx εe ηn σo
    ɡg ʏy ıi ɩi ℓl 0o 1l 3e 4a 5s 7t 8b |l !i łl øo đd ßb
    """.split()  # noqa: SIM905 - a table for people
}
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("-", ""), ("i", "l"))


@lru_cache(4096)
def skeleton(name: str) -> str:
    """What a hasty reader sees of it."""
    seen = unicodedata.normalize("NFKC", name[:NAME_MAX].lower()).translate(_CONFUSABLE)
    if not seen.isascii():
        seen = "".join(char for char in unicodedata.normalize("NFKD", seen) if not unicodedata.combining(char))
    for shape, meant in _PAIRS:
        seen = seen.replace(shape, meant)
    return seen


def resembles(name: str, other: str) -> bool:
    """Is the first domain made to be taken for the second? Never of those that belong together."""
    name, other = display_domain(name[:NAME_MAX].lower()), display_domain(other[:NAME_MAX].lower())
    site, ours = site_of(name), site_of(other)
    if site == ours or not site or not ours:
        return False
    if skeleton(site) == skeleton(ours):
        return True
    label, _, ending = site.partition(".")
    our_label, _, our_ending = ours.partition(".")
    if len(our_label) <= SHORT:
        return False
    if our_label in label and label != our_label and ending == our_ending:  # example-login.com
        return label.startswith(our_label + "-") or label.endswith("-" + our_label)
    return ending == our_ending and _is_one_step(skeleton(label), skeleton(our_label))


def _is_one_step(one: str, other: str) -> bool:
    """One letter more, less, other, or two exchanged."""
    if abs(len(one) - len(other)) > 1:
        return False
    begin = 0
    while begin < min(len(one), len(other)) and one[begin] == other[begin]:
        begin += 1
    rest, rest_of_other = one[begin:], other[begin:]
    if len(rest) == len(rest_of_other):
        is_swapped = rest[:2] == rest_of_other[:2][::-1] and rest[2:] == rest_of_other[2:]
        return is_swapped or rest[1:] == rest_of_other[1:]
    longer, shorter = (rest, rest_of_other) if len(rest) > len(rest_of_other) else (rest_of_other, rest)
    return longer[1:] == shorter
