"""Words that sellers and swindlers use more than others. Weak evidence: a group counts once, all together little."""

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.spam.anatomy import find_words
from mailstead.ground.model.opinion import Symptom

PHRASES_MAX: Final = 3.6
"""The most that all groups weigh together."""


@dataclass(frozen=True, slots=True)
class Group:
    """One way to talk. `least`: so many different ones of it must be there."""

    name: str
    weight: float
    words: str
    phrases: frozenset[str]
    least: int = 1


def _group(name: str, weight: float, words: str, phrases: str, least: int = 1) -> Group:
    return Group(name, weight, words, frozenset(" ".join(find_words(one)) for one in phrases.split("|")), least)


GROUPS: Final = (
    _group(
        "SAYS_REMOVE", 1.3, "it says how to be removed",
        "to be removed|be removed from|to remove yourself|removed from our|remove your|unsubscribe from future|"
        "to be taken off|wish to receive further|no longer wish|opt out|opt-out|aus dem verteiler|se désinscrire",
    ),
    _group(
        "SAYS_NO_SPAM", 1.2, "it says that it is no spam",
        "not spam|is not unsolicited|cannot be considered spam|not be considered spam|bill 1618|section 301|"
        "bill s|one time mailing|one-time mailing|you opted|have opted|opted in|opt-in|opted-in|"
        "received this email because|message is sent in compliance|in compliance with|you are receiving this",
    ),
    _group(
        "SAYS_CLICK", 0.6, "it says where to click",
        "click here|click below|click on the|click the link|visit our website|hier klicken|cliquez ici|click now|"
        "go to the link",
    ),
    _group(
        "SAYS_MONEY", 1.2, "it promises money",
        "make money|extra income|earn money|financial freedom|be your own boss|work from home|work at home|"
        "home based|thousands of dollars|per week|cash in|extra cash|get paid|income from|"
        "financially independent|money making|per month|residual income|unlimited income|get rich|easy money|"
        "geld verdienen|gagner de",
    ),
    _group(
        "SAYS_NO_RISK", 0.7, "it promises that nothing is at stake",
        "risk free|risk-free|no obligation|no risk|money back|100% free|absolutely free|completely free|"
        "satisfaction guaranteed|at no cost|free trial|no cost|free of charge|without obligation|cost you|"
        "100% guaranteed|guaranteed results|no strings",
    ),
    _group(
        "SAYS_HURRY", 0.6, "it says to hurry",
        "act now|limited time|order now|order today|call now|call today|don't delay|offer expires|while supplies|"
        "before it's|don't miss|today only|apply now|sign up now|special offer|once in a|respond immediately|"
        "jetzt bestellen",
    ),
    _group(
        "SAYS_LOAN", 1.2, "it is about loans and debts",
        "mortgage rates|lowest rates|refinance your|debt consolidation|credit card debt|get out of debt|"
        "home loan|bad credit|low rates|interest rates|consolidate your|credit report|life insurance|free quote|"
        "no credit|low interest|home equity|mortgage",
    ),
    _group(
        "SAYS_CURE", 1.2, "it is about pills and bodies",
        "weight loss|lose weight|viagra|cialis|online pharmacy|prescription drugs|no prescription|growth hormone|"
        "human growth|burn fat|anti-aging|penis|erection|herbal|sexual performance|lose up to|pounds in|"
        "your doctor|body fat|diet pills|enlargement",
    ),
    _group(
        "SAYS_SEX", 1.0, "it is about sex",
        "xxx|porn|hardcore|live girls|teen sluts|adult site|must be 18|over 18|18 years|nude|naked|sluts|horny|"
        "hot girls|webcam",
    ),
    _group(
        "SAYS_FORTUNE", 1.8, "somebody's fortune waits for you",
        "next of kin|million dollars|million united states|us dollars|foreign account|bank account|transfer of|"
        "strictly confidential|utmost confidence|business proposal|late president|confidential business|"
        "beneficiary|your assistance|foreign partner|deceased|sum of us|security company|my late|dear friend|"
        "utmost secrecy|the fund|united states dollars|died in|lottery|you have won|winning number|claim your|"
        "inheritance|compensation fund|atm card|western union",
        3,
    ),
    _group(
        "SAYS_SUSPENDED", 1.2, "it says that your account is at stake",
        "account has been suspended|been suspended|verify your account|confirm your account|update your account|"
        "account will be|unusual activity|verify your identity|your mailbox|mailbox is full|password expires|"
        "billing information|will be deactivated|confirm your identity|security alert|konto gesperrt|"
        "votre compte|validate your",
        2,
    ),
    _group(
        "SAYS_GREETING", 0.5, "it greets whom it does not know",
        "dear friend|dear sir|dear customer|dear user|dear homeowner|dear beneficiary|dear member|dear valued|"
        "dear account|dear internet|dear webmaster|dear business|dear future|sir madam|dear subscriber|hello dear",
    ),
    _group(
        "SAYS_ADVERT", 0.8, "it sells mailings",
        "email addresses|e-mail addresses|bulk email|bulk e-mail|targeted email|million emails|million email|"
        "search engines|web traffic|email marketing|direct email|email advertising|fresh addresses|"
        "internet marketing|your website|mass mail",
    ),
    _group(
        "SAYS_TOLL_FREE", 0.5, "it gives a number to call",
        "toll free|toll-free|24 hours a|call us at|call us toll|for more information call|1-800|1-888|1-877|"
        "leave your name",
    ),
    _group(
        "SAYS_CHAIN", 1.2, "it is a chain letter or a pyramid",
        "this is legal|send out|multi-level|mlm|downline|chain letter|report 1|reports|letter legally|"
        "five reports|matrix|your position|legal opportunity",
        3,
    ),
    _group(
        "SAYS_COIN", 1.2, "it is about coins and wallets",
        "bitcoin|crypto|usdt|wallet address|your wallet|btc|investment platform|trading platform|recorded you|"
        "your webcam|guaranteed profit|seed phrase",
        3,
    ),
    _group(
        "SAYS_STOCK", 0.8, "it tips a stock",
        "strong buy|penny stock|hot stock|stock alert|forward-looking statements|forward looking statements|"
        "stock price|price target|investors should|undervalued|otc bb|investment opportunity|symbol",
        3,
    ),
)  # fmt: skip

_SINGLE: Final[dict[str, list[int]]] = {}
_STARTS: Final[dict[str, list[tuple[str, int]]]] = {}
"""Longer ones by their first two words."""
for _index, _one in enumerate(GROUPS):
    for _phrase in sorted(_one.phrases):
        if " " in _phrase:
            _STARTS.setdefault(" ".join(_phrase.split()[:2]), []).append((f" {_phrase} ", _index))
        else:
            _SINGLE.setdefault(_phrase, []).append(_index)


_FIRST_WORDS: Final = frozenset(start.partition(" ")[0] for start in _STARTS)


def find_phrases(words: list[str]) -> list[Symptom]:
    """Which groups the words hold; the heaviest first, as far as all together may weigh."""
    met = _meet(words)
    groups = sorted((GROUPS[i] for i, count in met.items() if count >= GROUPS[i].least), key=lambda one: -one.weight)
    left, found = PHRASES_MAX, []
    for group in groups:
        weight = min(group.weight, left)
        if weight <= 0:
            break
        left -= weight
        found.append(Symptom(group.name, round(weight, 2), group.words))
    return found


def _meet(words: list[str]) -> Counter[int]:
    """How many phrases of each group: by set operations, so each word is looked at a fixed number of times."""
    met = Counter(index for word in _SINGLE.keys() & set(words) for index in _SINGLE[word])
    starts = _STARTS.keys() & {f"{one} {other}" for one, other in itertools.pairwise(words) if one in _FIRST_WORDS}
    if starts:
        text = f" {' '.join(words)} "
        met.update(index for start in starts for phrase, index in _STARTS[start] if phrase in text)
    return met
