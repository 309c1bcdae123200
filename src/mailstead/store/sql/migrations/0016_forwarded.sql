-- Senders of forwarded letters whose rewritten form would be longer than a local part may be: a short name stands for them.

CREATE TABLE forwarded_sender (
    name {text} NOT NULL PRIMARY KEY,
    address {text} NOT NULL,
    expires_at {bigint} NOT NULL
) {strict};
CREATE INDEX forwarded_sender_expiry ON forwarded_sender (expires_at);
