"""rspamd's HTTP protocol (rspamd.com/doc/developers/protocol.html), the client's side: headers out, JSON in. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.opinion import Symptom
from mailstead.ground.wire.said import tame

REPLY_MAX: Final = 1 << 20
SYMPTOMS_MAX: Final = 200
RECIPIENTS_MAX: Final = 50
"""In one header line; the others change nothing for its rules."""
VALUE_MAX: Final = 1000
_UNSAFE: Final = re.compile(r"[^\x20-\x7e\u00a1-\ud7ff\ue000-\U0010ffff]+")


class _Symbol(msgspec.Struct):
    score: float = 0.0
    description: str = ""


class _Reply(msgspec.Struct, rename="lower"):
    action: str
    score: float
    required_score: float
    symbols: dict[str, _Symbol] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """`threshold` is the score from which it would reject."""

    action: str
    score: float
    threshold: float
    symptoms: tuple[Symptom, ...]


_DECODER: Final = msgspec.json.Decoder(_Reply)


def read_answer(body: bytes) -> Answer:
    """Of /checkv2; Invalid."""
    try:
        reply = _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise Invalid("its answer is none of rspamd's") from None
    heaviest = sorted(reply.symbols.items(), key=lambda item: -abs(item[1].score))[:SYMPTOMS_MAX]
    symptoms = tuple(Symptom(tame(name), one.score, tame(one.description)) for name, one in heaviest if one.score)
    return Answer(tame(reply.action).lower(), reply.score, reply.required_score, symptoms)


def render_headers(values: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """What is known of a letter; what is empty is left out. Nothing that a stranger said can end its line."""
    return {
        name: ", ".join(map(clean, value[:RECIPIENTS_MAX])) if not isinstance(value, str) else clean(value)
        for name, value in values.items()
        if value
    }


def clean(text: str) -> str:
    """Fit for a line of a header."""
    return _UNSAFE.sub("?", text[:VALUE_MAX]).strip()
