"""The one rule against smuggling: CR and LF occur only as CRLF (RFC 5321 §2.3.8), whatever the cuts."""


class LineEnds:
    """Watches content piece by piece for a CR or LF that stands alone."""

    __slots__ = ("_after_cr", "are_bare")

    def __init__(self) -> None:
        self.are_bare = False
        self._after_cr = False

    def watch(self, data: bytes) -> None:
        """Look at the next piece. Bulk operations only: this runs over every byte of every letter."""
        if self._after_cr and data:
            data = b"\r" + data
        if data:
            self._after_cr = data[-1] == 0x0D  # its LF may come with the next piece
        if self._after_cr:
            data = data[:-1]
        if not data or self.are_bare:
            return
        # splitlines takes CRLF, CR and LF as one break each: only if all are CRLF is each of them two octets long.
        breaks = len(data.splitlines()) - (data[-1] not in b"\r\n")
        self.are_bare = 2 * breaks != len(data) - len(data.translate(None, b"\r\n"))

    def close(self) -> None:
        """Nothing follows: a CR that still waits for its LF stands alone."""
        if self._after_cr:
            self.are_bare = True
