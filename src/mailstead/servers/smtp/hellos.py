"""Replies to EHLO and LHLO, made once for each case: clients that come for one letter each ask thousands of times."""

from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.net.clock import Clock
from mailstead.servers.smtp.profile import Profile
from mailstead.servers.smtp.table import Offer, keywords

KEPT_MAX: Final = 32
HOUR: Final = 3_600_000


class Hellos:
    """Of one listener. The date until which letters are held back (RFC 4865) is that of the hour."""

    def __init__(self, profile: Profile, max_message_size: int, clock: Clock) -> None:
        self._profile = profile
        self._max_message_size = max_message_size
        self._clock = clock
        self._made: dict[tuple[bool, tuple[str, ...], int], Reply] = {}

    def reply(self, is_tls: bool, mechanisms: tuple[str, ...]) -> Reply:  # noqa: FBT001 - the case
        """What is offered to this connection now."""
        hour = self._clock.now() // HOUR if self._profile.takes_logins else 0
        key = (is_tls, mechanisms, hour)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= KEPT_MAX:
                self._made.clear()
            offer = Offer(self._profile, self._max_message_size, is_tls, mechanisms, Instant(hour * HOUR))
            made = self._made[key] = self._make(offer)
        return made

    def _make(self, offer: Offer) -> Reply:
        *words, last = keywords(offer)
        return Reply(Status.HELLO, last, (self._profile.hostname, *words)).prepared()
