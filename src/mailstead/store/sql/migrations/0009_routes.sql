-- Ways out that the operator set, by recipient domain, sender address or sender domain. The target may hold a password: it
-- lies here as it is, and whoever reads this database may send by that relay.

CREATE TABLE route (
    name {text} NOT NULL, -- a canonical domain, or the key of an address
    side {text} NOT NULL, -- to, from
    target {text} NOT NULL,
    note {text} NOT NULL,
    created_at {bigint} NOT NULL,
    PRIMARY KEY (name, side)
) {clustered};

ALTER TABLE domain ADD COLUMN verify {bigint} NOT NULL DEFAULT 1; -- whether the store of `hand_off` is asked who is there
