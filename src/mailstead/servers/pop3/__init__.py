"""POP3 (RFC 1939): the INBOX of an account, to be fetched and emptied."""
