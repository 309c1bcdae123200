-- What other domains ask of the lines to them, and how these lines went.

-- MTA-STS (RFC 8461): policies as they were fetched. They outlive restarts, so that nobody can wait for one.
CREATE TABLE sts_policy (
    domain {text} NOT NULL PRIMARY KEY,
    policy_id {text} NOT NULL,
    mode {text} NOT NULL,
    max_age {bigint} NOT NULL, -- seconds
    hosts {text} NOT NULL, -- with a space between
    fetched_at {bigint} NOT NULL,
    expires_at {bigint} NOT NULL,
    tried_at {bigint} NOT NULL, -- when it was last looked for, well or not
    used_at {bigint} NOT NULL -- to the day: what nobody uses is not refreshed
) {clustered};
CREATE INDEX sts_policy_tried ON sts_policy (tried_at);
CREATE INDEX sts_policy_expires ON sts_policy (expires_at);

-- TLS reports (RFC 8460): a policy in force, as reports tell it, and sessions counted under it, a row for each way to end.
CREATE TABLE tls_policy (
    digest {text} NOT NULL PRIMARY KEY, -- SHA-256 in hex
    found {json} NOT NULL,
    last_day {bigint} NOT NULL -- the last that names it
) {clustered};
CREATE TABLE tls_result (
    day {bigint} NOT NULL, -- since 1970-01-01, UTC
    domain {text} NOT NULL,
    policy {text} NOT NULL, -- digest
    result {text} NOT NULL, -- empty: it went well
    local_ip {text} NOT NULL,
    host {text} NOT NULL,
    peer_ip {text} NOT NULL,
    greeting {text} NOT NULL,
    detail {text} NOT NULL, -- of the first of them
    sessions {bigint} NOT NULL,
    PRIMARY KEY (day, domain, policy, result, local_ip, host, peer_ip, greeting)
) {clustered};

-- What the operator demands for one domain, whatever it publishes.
CREATE TABLE tls_rule (
    domain {text} NOT NULL PRIMARY KEY,
    demand {text} NOT NULL,
    note {text} NOT NULL,
    created_at {bigint} NOT NULL
) {clustered};
