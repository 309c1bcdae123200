"""What rspamd's actions mean here."""

from collections.abc import Iterable, Mapping
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.opinion import Wish

GREYLIST: Final = "greylist"

MEANINGS: Final[Mapping[str, Wish]] = {
    "score": Wish.NOTHING, "accept": Wish.LET_IN, "tag": Wish.TAG, "junk": Wish.SET_ASIDE, "reject": Wish.REFUSE,
    "defer": Wish.PUT_OFF, "hold": Wish.JUDGE_AGAIN, "discard": Wish.DISCARD,
}  # fmt: skip
USUAL: Final[Mapping[str, Wish]] = {
    "no action": Wish.NOTHING, GREYLIST: Wish.PUT_OFF, "soft reject": Wish.PUT_OFF, "add header": Wish.TAG,
    "rewrite subject": Wish.TAG, "quarantine": Wish.SET_ASIDE, "reject": Wish.NOTHING, "discard": Wish.DISCARD,
}  # fmt: skip


def read_actions(texts: Iterable[str]) -> Mapping[str, Wish]:
    """What each action means, the usual where nothing else is said; Invalid."""
    actions = dict(USUAL)
    for text in texts:
        action, _, meaning = (part.strip().lower() for part in text.replace("_", " ").partition("="))
        if not action or meaning not in MEANINGS:
            raise Invalid(f"{text!r}: write action=meaning, with one of the meanings {', '.join(MEANINGS)}")
        actions[action] = MEANINGS[meaning]
    return actions
