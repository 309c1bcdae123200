-- Guards of sending. Counts are windows that slide: `counts` is a JSON array, its first number of the part `head` of the time.

CREATE TABLE guard_count (
    scope {text} NOT NULL,
    name {text} NOT NULL,
    counted {text} NOT NULL,
    period {text} NOT NULL,
    head {bigint} NOT NULL,
    counts {text} NOT NULL,
    touched_at {bigint} NOT NULL,
    PRIMARY KEY (scope, name, counted, period)
) {clustered};
CREATE INDEX guard_count_touched ON guard_count (touched_at);

-- What operators set for a domain, an account or all: rates with a space between. A row that is not there says nothing.
CREATE TABLE guard_limit (
    scope {text} NOT NULL,
    name {text} NOT NULL,
    counted {text} NOT NULL,
    rates {text} NOT NULL,
    PRIMARY KEY (scope, name, counted)
) {clustered};

-- To whom an account has written.
CREATE TABLE guard_acquaintance (
    account_id {bigint} NOT NULL,
    address_key {text} NOT NULL,
    since {bigint} NOT NULL,
    PRIMARY KEY (account_id, address_key)
) {clustered};

CREATE TABLE guard_breaker (
    scope {text} NOT NULL,
    name {text} NOT NULL,
    opened_at {bigint} NOT NULL,
    until {bigint} NOT NULL,
    strikes {bigint} NOT NULL,
    reason {text} NOT NULL,
    is_released {bigint} NOT NULL,
    PRIMARY KEY (scope, name)
) {clustered};
CREATE INDEX guard_breaker_held ON guard_breaker (until) WHERE is_released = 0;

CREATE TABLE guard_suppression (
    domain {text} NOT NULL,
    address_key {text} NOT NULL,
    address {text} NOT NULL,
    reason {text} NOT NULL,
    added_at {bigint} NOT NULL,
    expires_at {bigint},
    PRIMARY KEY (domain, address_key)
) {clustered};
CREATE INDEX guard_suppression_expiry ON guard_suppression (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE guard_rule (
    id {identity},
    reason {text} NOT NULL,
    sender {text} NOT NULL,
    recipient {text} NOT NULL,
    domain {text} NOT NULL,
    destination {text} NOT NULL,
    account_id {bigint},
    account {text} NOT NULL,
    min_size {bigint} NOT NULL,
    created_at {bigint} NOT NULL
) {strict};

-- Each change of the rules counts one up, so that whoever remembers them knows when to read them again.
CREATE TABLE guard_mark (
    name {text} PRIMARY KEY,
    value {bigint} NOT NULL
) {clustered};
