"""Who was asked to come again is not asked for ever: a second try after a while is a try too many to be put off."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from mailstead.net.clock import Clock

KEPT_MAX: Final = 20_000
KEPT_FOR: Final = 48 * 3600.0
LEAST_WAIT: Final = 60.0


class Once:
    """Of one worker: so a letter is put off at most once by each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: OrderedDict[Hashable, float] = OrderedDict()

    def may_wait(self, key: Hashable) -> bool:
        """True for a first try, and for what comes again at once."""
        now = self._clock.monotonic()
        first = self._seen.get(key)
        if first is None or now - first > KEPT_FOR:
            self._seen[key] = now
            self._seen.move_to_end(key)
            if len(self._seen) > KEPT_MAX:
                self._seen.popitem(last=False)
            return True
        return now - first < LEAST_WAIT
