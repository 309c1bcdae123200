"""How long letters live in the spool, when their senders are told that it takes long, and the pauses between tries."""

import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.envelope import Wishes
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import Origin

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_MINUTES: Final = {
    "mailstead": (5, 15, 30, 60, 120, 240, 360),
    "messages": (15, 30, 45, 60, 120, 240, 480, 720, 1080, 1440, 2160, 2880),
    "gomailserver": (5, 15, 30, 60, 120, 240, 480, 960, 1440),
    "elemta": (1, 5, 15, 60, 180, 360),
}
_PAUSE: Final = re.compile(r"([0-9]{1,6})([smhd])\Z")
_UNITS: Final = {"s": 1000, "m": MINUTE, "h": HOUR, "d": DAY}
PAUSES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Schedule:
    """Pauses in milliseconds: the n-th comes after the n-th try, the last one again and again."""

    pauses: tuple[int, ...]
    jitter: int = 0  # percent

    @classmethod
    def parse(cls, text: str, jitter: int = 0) -> "Schedule":
        """The name of a profile, or pauses like `5m 15m 1h`; Invalid."""
        named = _MINUTES.get(text.strip().lower())
        if named is not None:
            return cls(tuple(minutes * MINUTE for minutes in named), jitter)
        pauses = []
        for word in text.split():
            match = _PAUSE.match(word)
            if match is None or int(match[1]) == 0:
                raise Invalid(f"{word!r} is no pause: write 30s, 5m, 2h or 1d, or one of {', '.join(_MINUTES)}")
            pauses.append(int(match[1]) * _UNITS[match[2]])
        if not pauses or len(pauses) > PAUSES_MAX:
            raise Invalid(f"a schedule has 1 to {PAUSES_MAX} pauses")
        return cls(tuple(pauses), jitter)

    def pause(self, attempts: int, chance: float) -> int:
        """After so many tries; `chance` is from 0 to 1, so that those who failed together come back apart."""
        pause = self.pauses[min(max(attempts, 1), len(self.pauses)) - 1]
        return max(1, round(pause * (1 + (2 * chance - 1) * self.jitter / 100)))

    @property
    def longest(self) -> int:
        """No pause is longer."""
        return round(max(self.pauses) * (1 + self.jitter / 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator decides, in milliseconds."""

    schedule: Schedule = Schedule(tuple(minutes * MINUTE for minutes in _MINUTES["mailstead"]), 10)
    life: int = 5 * DAY
    notice_life: int = 2 * DAY
    warn_after: int = 4 * HOUR  # 0: never
    failed_kept: int = 7 * DAY
    history: int = 30 * DAY
    judge_every: int = 5 * MINUTE
    judge_for: int = 2 * DAY

    def of(self, origin: Origin, wishes: Wishes, now: Instant) -> tuple[Instant, Instant | None]:
        """When a letter ends, and when its sender is warned. Nobody waits for a notice."""
        if origin in (Origin.NOTICE, Origin.REPORT):
            return Instant(now + self.notice_life), None
        if origin is Origin.UNJUDGED:  # it is delivered before, and then there may be no room for it
            return Instant(now + self.judge_for + self.life), None
        start = max(now, wishes.release_at or now)
        end, warning = start + self.life, start + self.warn_after if self.warn_after else None
        if wishes.by is not None:
            if wishes.by.may_be_late:  # RFC 2852 §4.1.4: "N" wants to know, and the letter goes on
                warning = min(warning or wishes.by.deadline, wishes.by.deadline)
            else:
                end = min(end, wishes.by.deadline)
        return Instant(end), Instant(warning) if warning is not None and warning < end else None
