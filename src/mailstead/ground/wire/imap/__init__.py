"""IMAP4rev1 and rev2 without IO: bytes to commands, values to responses."""
