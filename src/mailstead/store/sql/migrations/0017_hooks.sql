-- Programs elsewhere that are asked, or told, about letters. A secret lies here as it is: whoever reads this database can
-- speak to hooks in our name.

CREATE TABLE hook (
    name {text} NOT NULL PRIMARY KEY,
    sheet {json} NOT NULL
) {clustered};

-- How far each account was followed for those that hear of filed letters: every letter up to `message_id` but for those
-- that were on their way then, of which `seen` names the ones that had come.
CREATE TABLE hook_cursor (
    account_id {bigint} NOT NULL PRIMARY KEY,
    modseq {bigint} NOT NULL,
    message_id {bigint} NOT NULL,
    seen {text} NOT NULL -- JSON
) {clustered};

-- What they are still to be told.
CREATE TABLE hook_errand (
    hook {text} NOT NULL,
    message_id {bigint} NOT NULL,
    account_id {bigint} NOT NULL,
    due_at {bigint} NOT NULL,
    attempts {bigint} NOT NULL,
    PRIMARY KEY (hook, message_id)
) {clustered};
CREATE INDEX hook_errand_due ON hook_errand (due_at);
