-- Who changed what. Each row's hash covers the hash of the row before it: see ground/model/audit.

CREATE TABLE audit (
    number {bigint} PRIMARY KEY,
    at {bigint} NOT NULL,
    who {text} NOT NULL,
    through {text} NOT NULL, -- api, command, imap, program
    address {text} NOT NULL, -- of the client; empty for commands
    action {text} NOT NULL,
    subject {text} NOT NULL,
    domain {text} NOT NULL, -- of ours that it belongs to; empty: of the whole server
    before {text} NOT NULL, -- JSON, or empty
    after {text} NOT NULL,
    hash {text} NOT NULL
) {strict};
CREATE INDEX audit_of_domain ON audit (domain, number);

-- The end of the chain: whoever adds to it holds this row.
CREATE TABLE audit_head (
    one {bigint} PRIMARY KEY CHECK (one = 1),
    number {bigint} NOT NULL,
    hash {text} NOT NULL
) {strict};
INSERT INTO audit_head (one, number, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- What a person may do here beside their own mail: user, readonly, operator, domain-admin, admin. `is_admin` says of `admin`
-- the same as before.
ALTER TABLE mail_user ADD COLUMN role {text} NOT NULL DEFAULT 'user';
UPDATE mail_user SET role = 'admin' WHERE is_admin = 1;

-- The domains of a domain-admin.
CREATE TABLE administered (
    user_id {bigint} NOT NULL,
    domain_id {bigint} NOT NULL,
    PRIMARY KEY (user_id, domain_id)
) {clustered};
CREATE INDEX administered_domain ON administered (domain_id);

ALTER TABLE credential ADD COLUMN scopes {text} NOT NULL DEFAULT ''; -- of the API: words with a space; empty: all of its user

-- What the API answered under an Idempotency-Key: the same request gets the same answer and is not done again.
CREATE TABLE receipt (
    who {text} NOT NULL,
    key {text} NOT NULL, -- SHA-256 of what the client sent
    digest {text} NOT NULL, -- SHA-256 of the request
    status {bigint} NOT NULL,
    body {text} NOT NULL,
    made_at {bigint} NOT NULL,
    PRIMARY KEY (who, key)
) {clustered};
CREATE INDEX receipt_made ON receipt (made_at);
