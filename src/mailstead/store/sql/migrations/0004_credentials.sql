-- What proves a user beside the password's hash. A SCRAM verifier (RFC 5802 §3) goes with the password: whoever changes one
-- takes the other away. App passwords and tokens are 128 random bits, so their SHA-256 is all that is kept.

ALTER TABLE mail_user ADD COLUMN scram {text};
CREATE INDEX mail_user_without_scram ON mail_user (id) WHERE scram IS NULL AND status = 'active' AND password_hash <> '';

CREATE TABLE credential (
    id {identity},
    user_id {bigint} NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL, -- what its owner calls it
    protocols {text} NOT NULL, -- words with a space between; empty: all
    digest {text} NOT NULL UNIQUE, -- SHA-256 in hex
    created_at {bigint} NOT NULL,
    expires_at {bigint},
    used_at {bigint},
    UNIQUE (user_id, kind, name)
) {strict};

-- From where a user has logged in well: such an address keeps a way in, whatever strangers do. It is kept as a keyed hash.
CREATE TABLE familiar_place (
    user_id {bigint} NOT NULL,
    place {text} NOT NULL,
    seen_at {bigint} NOT NULL,
    PRIMARY KEY (user_id, place)
) {clustered};
CREATE INDEX familiar_place_seen ON familiar_place (seen_at);
