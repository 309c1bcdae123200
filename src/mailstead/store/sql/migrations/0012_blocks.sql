-- Who is not heard and who always is, and whom we ask to come again.

-- Both lists: see ground/model/blocks. The primary key begins with what is looked up at every MAIL.
CREATE TABLE block_entry (
    looked_up {text} NOT NULL, -- blocks.key_of(pattern)
    pattern {text} NOT NULL,
    side {text} NOT NULL,
    scope {text} NOT NULL, -- a domain of ours; '': all
    reason {text} NOT NULL,
    who {text} NOT NULL,
    added_at {bigint} NOT NULL,
    expires_at {bigint},
    PRIMARY KEY (looked_up, side, scope)
) {clustered};
CREATE INDEX block_entry_listed ON block_entry (side, scope, pattern);
CREATE INDEX block_entry_expiry ON block_entry (expires_at) WHERE expires_at IS NOT NULL;

-- `value` counts up with each change: whoever remembers entries reads it, and it alone. `entries` is how many there are.
CREATE TABLE block_mark (
    one {bigint} PRIMARY KEY CHECK (one = 1),
    value {bigint} NOT NULL,
    entries {bigint} NOT NULL
) {strict};
INSERT INTO block_mark (one, value, entries) VALUES (1, 0, 0);

-- Greylisting: from which network who first wrote to whom. What has not come again (passed_at IS NULL) is a ring by id.
CREATE TABLE greylist_triplet (
    id {identity},
    domain {text} NOT NULL, -- of ours, the recipient's
    client {text} NOT NULL,
    sender {text} NOT NULL,
    recipient {text} NOT NULL,
    first_at {bigint} NOT NULL,
    passed_at {bigint},
    seen_at {bigint} NOT NULL,
    expires_at {bigint} NOT NULL,
    UNIQUE (domain, client, sender, recipient)
) {strict};
CREATE INDEX greylist_waiting ON greylist_triplet (id) WHERE passed_at IS NULL;
CREATE INDEX greylist_triplet_expiry ON greylist_triplet (expires_at);

-- How many of a network's letters from a domain came again: from so many on its letters are let in at once.
CREATE TABLE greylist_friend (
    domain {text} NOT NULL,
    client {text} NOT NULL,
    sender_domain {text} NOT NULL,
    letters {bigint} NOT NULL,
    seen_at {bigint} NOT NULL,
    expires_at {bigint} NOT NULL,
    PRIMARY KEY (domain, client, sender_domain)
) {clustered};
CREATE INDEX greylist_friend_expiry ON greylist_friend (expires_at);

-- How many rows there are that have come again, and friends: past a bound nothing more is learned.
CREATE TABLE greylist_count (
    one {bigint} PRIMARY KEY CHECK (one = 1),
    passed {bigint} NOT NULL,
    friends {bigint} NOT NULL
) {strict};
INSERT INTO greylist_count (one, passed, friends) VALUES (1, 0, 0);
