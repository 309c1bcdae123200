-- Second factors: a secret that an authenticator app shares (RFC 6238). A code is taken once: `last_step` is that of the last.

CREATE TABLE totp (
    user_id {bigint} NOT NULL PRIMARY KEY,
    secret {text} NOT NULL, -- hex
    enrolled_at {bigint} NOT NULL,
    confirmed_at {bigint}, -- NULL: no code was shown yet, and none is asked for
    last_step {bigint} NOT NULL,
    failures {bigint} NOT NULL,
    failed_at {bigint} NOT NULL
) {clustered};
CREATE INDEX totp_asked ON totp (user_id) WHERE confirmed_at IS NOT NULL;

-- For the day the app is lost: 80 random bits each, so their SHA-256 is all that is kept.
CREATE TABLE recovery_code (
    user_id {bigint} NOT NULL,
    digest {text} NOT NULL,
    used_at {bigint},
    PRIMARY KEY (user_id, digest)
) {clustered};
