-- A copy in another account is a message of its own, and yet the same letter: RFC 8474 §5.1 wants one EMAILID for both.
-- NULL: the message is its own origin.

ALTER TABLE message ADD COLUMN origin_id {bigint};
