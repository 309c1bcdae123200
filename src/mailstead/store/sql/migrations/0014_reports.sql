-- What servers tell each other about mail as such: DMARC (RFC 9990, 9991) and TLS (RFC 8460).

-- What a policy domain that wants reports published last on a day, with the addresses that they are to go to.
CREATE TABLE dmarc_published (
    day {bigint} NOT NULL, -- since 1970-01-01, UTC
    domain {text} NOT NULL,
    published {json} NOT NULL,
    addresses {json} NOT NULL,
    PRIMARY KEY (day, domain)
) {clustered};

-- Letters that a domain of ours (the receiver) got, a row for each kind of them.
CREATE TABLE dmarc_count (
    day {bigint} NOT NULL,
    receiver {text} NOT NULL,
    domain {text} NOT NULL,
    digest {text} NOT NULL, -- SHA-256 of the record, in hex
    record {json} NOT NULL,
    letters {bigint} NOT NULL,
    PRIMARY KEY (day, receiver, domain, digest)
) {clustered};

-- Reports by us: the row is written in the unit that spools the letter, so that there is never a second one.
CREATE TABLE report_sent (
    kind {text} NOT NULL, -- dmarc, tls
    day {bigint} NOT NULL,
    receiver {text} NOT NULL, -- in whose name
    domain {text} NOT NULL, -- that it is about
    report_id {text} NOT NULL,
    letter_id {bigint}, -- in the spool; NULL: there was nobody to send it to
    addresses {json} NOT NULL,
    note {text} NOT NULL,
    written_at {bigint} NOT NULL,
    PRIMARY KEY (kind, day, receiver, domain)
) {clustered};

-- Failure reports of a day, for their limit.
CREATE TABLE failure_count (
    day {bigint} NOT NULL,
    receiver {text} NOT NULL,
    domain {text} NOT NULL,
    reports {bigint} NOT NULL,
    PRIMARY KEY (day, receiver, domain)
) {clustered};

-- Reports by others about domains of ours. Their rows come first: what has no report was not finished.
CREATE TABLE report_received (
    id {bigint} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    organization {text} NOT NULL,
    report_id {text} NOT NULL,
    domain {text} NOT NULL,
    begin_at {bigint} NOT NULL,
    end_at {bigint} NOT NULL,
    received_at {bigint} NOT NULL,
    sender {text} NOT NULL, -- domain of the letter's author
    is_verified {bigint} NOT NULL, -- DMARC vouched for that
    good {bigint} NOT NULL, -- letters, or sessions
    bad {bigint} NOT NULL,
    about {json} NOT NULL,
    UNIQUE (kind, domain, organization, report_id)
) {strict};
CREATE INDEX report_received_at ON report_received (received_at);

CREATE TABLE report_row (
    report {bigint} NOT NULL,
    number {bigint} NOT NULL,
    source {text} NOT NULL, -- the address letters came from; the policy that sessions were under
    is_good {bigint} NOT NULL,
    count {bigint} NOT NULL,
    detail {json} NOT NULL,
    PRIMARY KEY (report, number)
) {clustered};

-- How far the events of an account that gets reports were read.
CREATE TABLE report_cursor (
    account_id {bigint} NOT NULL PRIMARY KEY,
    modseq {bigint} NOT NULL
) {strict};
