-- Copies that are kept aside in place of being filed: one for each account that would have got the letter.

CREATE TABLE quarantine (
    id {bigint} PRIMARY KEY, -- made outside, rises with time
    domain {text} NOT NULL, -- of the recipient, who was written to
    recipient {text} NOT NULL,
    recipient_key {text} NOT NULL,
    account_id {bigint} NOT NULL, -- 0: those elsewhere that the recipient means
    kept_at {bigint} NOT NULL,
    sender {text} NOT NULL, -- '': none
    client_ip {text} NOT NULL,
    body {text} NOT NULL,
    smtputf8 {bigint} NOT NULL,
    blob_id {bigint} NOT NULL,
    prefix {blob} NOT NULL, -- fields before the letter, without Return-Path
    size {bigint} NOT NULL,
    message_id {text} NOT NULL,
    author {text} NOT NULL, -- From, as it may be shown
    subject {text} NOT NULL,
    reason {text} NOT NULL,
    words {text} NOT NULL, -- why, for people
    has_virus {bigint} NOT NULL,
    is_told {bigint} NOT NULL DEFAULT 0 -- in a digest
) {strict};
CREATE INDEX quarantine_domain ON quarantine (domain, id);
CREATE INDEX quarantine_recipient ON quarantine (recipient_key, id);
CREATE INDEX quarantine_untold ON quarantine (account_id, id) WHERE is_told = 0;
CREATE INDEX quarantine_blob ON quarantine (blob_id);

CREATE TABLE quarantine_sum (
    domain {text} PRIMARY KEY,
    letters {bigint} NOT NULL,
    size {bigint} NOT NULL
) {clustered};

CREATE TABLE quarantine_digest (
    account_id {bigint} PRIMARY KEY,
    sent_at {bigint} NOT NULL
) {strict};
