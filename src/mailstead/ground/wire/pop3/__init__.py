"""POP3 (RFC 1939): command lines, replies, and messages as they stand on the wire."""
