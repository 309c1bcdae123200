-- What domains want: see ground/model/policy.

ALTER TABLE domain ADD COLUMN max_mailbox_size {bigint} NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN backup_mx {text} NOT NULL DEFAULT '';

-- A policy goes by the name of its domain. What its JSON does not name has its default; so has a domain without a row.
CREATE TABLE policy (
    domain {text} NOT NULL PRIMARY KEY,
    version {bigint} NOT NULL, -- the mark when it was written
    changed_at {bigint} NOT NULL,
    sheet {json} NOT NULL
) {clustered};

-- The template of new domains. It alone says what the row of a domain says, too.
INSERT INTO policy (domain, version, changed_at, sheet) VALUES ('_default', 0, 0, '{}');

-- Counts up with each change of a policy or of the domains there are: whoever remembers policies reads it, and it alone.
CREATE TABLE policy_mark (
    one {bigint} PRIMARY KEY CHECK (one = 1),
    value {bigint} NOT NULL
) {strict};
INSERT INTO policy_mark (one, value) VALUES (1, 0);
