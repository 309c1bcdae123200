-- What waits to leave. A letter counts its recipients by queue, so that the few that need attention are found by an index:
-- `attention_at` is when its sender has to be told something (a delay, the end), or since when nobody tries any more.

CREATE TABLE spool_letter (
    id {bigint} PRIMARY KEY,
    created_at {bigint} NOT NULL,
    expires_at {bigint} NOT NULL,
    attention_at {bigint} NOT NULL,
    settled_at {bigint}, -- nobody waits, is held, or may be tried again
    waiting {bigint} NOT NULL,
    failed {bigint} NOT NULL,
    blob_id {bigint},
    size {bigint} NOT NULL, -- with the prefix
    origin {text} NOT NULL,
    domain {text} NOT NULL,
    account_id {bigint},
    login {text} NOT NULL,
    sender {text} NOT NULL,
    sender_key {text} NOT NULL,
    message_id {text} NOT NULL,
    subject {text} NOT NULL,
    wishes {text} NOT NULL, -- JSON: what differs from an ordinary letter
    prefix {blob} NOT NULL
) {strict};
CREATE INDEX spool_letter_blob ON spool_letter (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX spool_letter_open ON spool_letter (id) WHERE settled_at IS NULL;
CREATE INDEX spool_letter_settled ON spool_letter (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX spool_letter_attention ON spool_letter (attention_at) WHERE waiting > 0;
CREATE INDEX spool_letter_failed ON spool_letter (attention_at) WHERE waiting = 0 AND failed > 0;
CREATE INDEX spool_letter_message_id ON spool_letter (message_id);

-- A lease is a name and a moment: whoever is named has it until `due_at`, then it is anyone's again.
CREATE TABLE spool_recipient (
    letter_id {bigint} NOT NULL,
    number {bigint} NOT NULL,
    state {text} NOT NULL,
    destination {text} NOT NULL,
    urgency {bigint} NOT NULL,
    due_at {bigint} NOT NULL,
    lease {text} NOT NULL,
    attempts {bigint} NOT NULL,
    is_warned {bigint} NOT NULL,
    address {text} NOT NULL,
    address_key {text} NOT NULL,
    route {text} NOT NULL,
    notify {text} NOT NULL, -- words with a space between
    orcpt {text},
    last {text}, -- JSON: what was heard last
    hold_reason {text} NOT NULL,
    PRIMARY KEY (letter_id, number)
) {clustered};
CREATE INDEX spool_recipient_due ON spool_recipient (destination, urgency, due_at, letter_id, number)
 WHERE state IN ('active', 'deferred');

-- One row for each destination that somebody waits for: dispatch looks here, and not at those who wait.
CREATE TABLE spool_lane (
    destination {text} PRIMARY KEY,
    due_at {bigint} NOT NULL,
    paused_until {bigint} NOT NULL DEFAULT 0,
    failures {bigint} NOT NULL DEFAULT 0,
    reason {text} NOT NULL DEFAULT ''
) {clustered};
CREATE INDEX spool_lane_due ON spool_lane (due_at);

CREATE TABLE spool_story (
    letter_id {bigint} NOT NULL,
    id {bigint} NOT NULL,
    at {bigint} NOT NULL,
    kind {text} NOT NULL,
    detail {blob} NOT NULL, -- JSON
    PRIMARY KEY (letter_id, id)
) {clustered};

-- Bounces owed were kept apart until there was a spool: as letters for an account that may not be there any more they
-- find their way by themselves.
INSERT INTO spool_letter (id, created_at, expires_at, attention_at, waiting, failed, blob_id, size, origin, domain, login,
                          sender, sender_key, message_id, subject, wishes, prefix)
SELECT s.id, s.created_at, s.created_at + 432000000, s.created_at + 432000000, 1, 0, s.blob_id, b.size, 'local', '', '',
       s.sender, lower(s.sender), '', '', '{}', {no_bytes}
  FROM spool s JOIN blob b ON b.id = s.blob_id;
INSERT INTO spool_recipient (letter_id, number, state, destination, urgency, due_at, lease, attempts, is_warned, address,
                             address_key, route, notify, orcpt, last, hold_reason)
SELECT s.id, 0, 'active', '(local)', 1, 0, '', 0, 0, s.recipient, lower(s.recipient), '', '', NULL, NULL, ''
  FROM spool s JOIN blob b ON b.id = s.blob_id;
INSERT INTO spool_lane (destination, due_at) SELECT '(local)', 0 FROM spool LIMIT 1;
DROP TABLE spool;

ALTER TABLE domain ADD COLUMN hand_off {text} NOT NULL DEFAULT ''; -- its mail is kept by another store: lmtp://host:port
