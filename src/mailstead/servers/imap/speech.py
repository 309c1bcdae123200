"""How a client is told of messages: what it enabled, or showed that it understands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """`condstore`: modseqs in FETCH (RFC 7162 §3.1); `qresync`: §3.2; `uid_only`: no message numbers (RFC 9586)."""

    condstore: bool = False
    qresync: bool = False
    uid_only: bool = False

    @property
    def says_vanished(self) -> bool:
        """RFC 7162 §3.2.10, RFC 9586 §3.4: VANISHED in place of EXPUNGE."""
        return self.qresync or self.uid_only

    @property
    def fetch_head(self) -> bytes:
        """What a FETCH response begins with; a slot for the number, or for the UID (RFC 9586 §3.3)."""
        return b"* %d UIDFETCH (" if self.uid_only else b"* %d FETCH ("
