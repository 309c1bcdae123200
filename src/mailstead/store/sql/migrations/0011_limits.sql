-- Limits and blocks: see services/limits.

-- Addresses and networks that are not heard at the logins of a domain after too many failures; '': of names in no domain of ours.
CREATE TABLE login_block (
    subject {text} NOT NULL,
    domain {text} NOT NULL,
    began_at {bigint} NOT NULL,
    until {bigint} NOT NULL,
    failures {bigint} NOT NULL,
    PRIMARY KEY (subject, domain)
) {clustered};
CREATE INDEX login_block_until ON login_block (until);

-- What the nodes of a cluster counted together. `counts` is a JSON array, its first number of the part that began at `head`.
CREATE TABLE limit_count (
    name {text} PRIMARY KEY,
    head {bigint} NOT NULL,
    counts {json} NOT NULL,
    version {bigint} NOT NULL,
    until {bigint} NOT NULL
) {clustered};
CREATE INDEX limit_count_until ON limit_count (until);

CREATE TABLE limit_node (
    name {text} PRIMARY KEY,
    seen_at {bigint} NOT NULL
) {clustered};
