-- The first schema, one text for both engines: words in braces are slots of store/sql/dialect.py.
--
-- Times are milliseconds since 1970. Ids of messages, blobs and spool entries are made outside and rise with time, so that
-- inserts meet the right edge of their trees. Units keep references and counters true; no engine checks them on the hot
-- path, `mailstead db check` does. What is written often is kept apart from what is wide.

CREATE TABLE setting (
    name {text} PRIMARY KEY,
    value {text} NOT NULL
) {clustered};

CREATE TABLE domain (
    id {identity},
    name {text} NOT NULL UNIQUE,
    status {text} NOT NULL,
    alias_of {bigint},
    catchall {text},
    max_users {bigint} NOT NULL,
    default_quota {bigint} NOT NULL,
    created_at {bigint} NOT NULL
) {strict};

CREATE TABLE mail_user (
    id {identity},
    login {text} NOT NULL UNIQUE,
    password_hash {text} NOT NULL,
    is_admin {bigint} NOT NULL,
    status {text} NOT NULL,
    created_at {bigint} NOT NULL
) {strict};

-- `modseq` is the one counter of all that happens to the account, and locking its row is what puts units in order.
-- A buried account has no address_key, so that its address is free.
CREATE TABLE account (
    id {identity},
    domain_id {bigint} NOT NULL,
    address {text} NOT NULL,
    address_key {text} UNIQUE,
    kind {text} NOT NULL,
    status {text} NOT NULL,
    quota_bytes {bigint} NOT NULL,
    used_bytes {bigint} NOT NULL DEFAULT 0,
    used_messages {bigint} NOT NULL DEFAULT 0,
    modseq {bigint} NOT NULL DEFAULT 0,
    last_uidvalidity {bigint} NOT NULL DEFAULT 0,
    forgotten_modseq {bigint} NOT NULL DEFAULT 0, -- changes up to it may be gone
    changes_since {bigint} NOT NULL, -- no change is older; moved on only by the duty that forgets
    created_at {bigint} NOT NULL
) {strict};
CREATE INDEX account_domain ON account (domain_id);
CREATE INDEX account_changes ON account (changes_since);
CREATE INDEX account_buried ON account (id) WHERE status = 'deleted';

CREATE TABLE access (
    user_id {bigint} NOT NULL,
    account_id {bigint} NOT NULL,
    role {bigint} NOT NULL,
    PRIMARY KEY (user_id, account_id)
) {clustered};
CREATE INDEX access_account ON access (account_id);

CREATE TABLE alias (
    id {identity},
    domain_id {bigint} NOT NULL,
    address {text} NOT NULL,
    address_key {text} NOT NULL UNIQUE,
    targets {text} NOT NULL, -- JSON array
    created_at {bigint} NOT NULL
) {strict};
CREATE INDEX alias_domain ON alias (domain_id);

-- A removed folder has no name and waits for its placements to be exhumed.
CREATE TABLE folder (
    id {identity},
    account_id {bigint} NOT NULL,
    name {text},
    special_use {text},
    uidvalidity {bigint} NOT NULL,
    uidnext {bigint} NOT NULL DEFAULT 1,
    modseq {bigint} NOT NULL,
    messages {bigint} NOT NULL DEFAULT 0,
    unseen {bigint} NOT NULL DEFAULT 0,
    deleted {bigint} NOT NULL DEFAULT 0,
    size {bigint} NOT NULL DEFAULT 0,
    removed_at {bigint},
    UNIQUE (account_id, name)
) {strict};
CREATE INDEX folder_removed ON folder (id) WHERE removed_at IS NOT NULL;

-- Every keyword that was ever set in a folder, so that opening it does not read all its placements.
CREATE TABLE folder_keyword (
    folder_id {bigint} NOT NULL,
    word_key {text} NOT NULL,
    word {text} NOT NULL,
    PRIMARY KEY (folder_id, word_key)
) {clustered};

CREATE TABLE subscription (
    account_id {bigint} NOT NULL,
    name {text} NOT NULL,
    PRIMARY KEY (account_id, name)
) {clustered};

-- The rows that IMAP lives on. Deltas come from `change`, so there is no index on modseq.
CREATE TABLE placement (
    folder_id {bigint} NOT NULL,
    uid {bigint} NOT NULL,
    message_id {bigint} NOT NULL,
    bits {bigint} NOT NULL,
    keywords {text} NOT NULL,
    modseq {bigint} NOT NULL,
    size {bigint} NOT NULL,
    internal_date {bigint} NOT NULL,
    saved_at {bigint} NOT NULL,
    PRIMARY KEY (folder_id, uid)
) {clustered};
CREATE INDEX placement_message ON placement (message_id);

CREATE TABLE message (
    id {bigint} PRIMARY KEY,
    account_id {bigint} NOT NULL,
    blob_id {bigint} NOT NULL,
    size {bigint} NOT NULL,
    received_at {bigint} NOT NULL,
    prefix {blob} NOT NULL
) {strict};
CREATE INDEX message_blob ON message (blob_id);

CREATE TABLE blob (
    id {bigint} PRIMARY KEY,
    hash {blob} NOT NULL UNIQUE, -- SHA-256 of the uncompressed bytes
    size {bigint} NOT NULL,
    data {blob} -- one zstd frame; NULL: a file named by the id
) {strict};

-- Apart from `blob`, so that marking one does not rewrite its bytes.
CREATE TABLE unused_blob (
    blob_id {bigint} PRIMARY KEY,
    unused_since {bigint} NOT NULL
) {strict};
CREATE INDEX unused_blob_since ON unused_blob (unused_since);

CREATE TABLE rendered (
    blob_id {bigint} PRIMARY KEY,
    version {bigint} NOT NULL,
    sent_at {bigint},
    message_id {text} NOT NULL,
    subject_base {text} NOT NULL,
    envelope {blob} NOT NULL,
    bodystructure {blob} NOT NULL,
    body {blob} NOT NULL,
    preview {text} NOT NULL,
    parts {blob} NOT NULL
) {strict};

-- Header blocks are several times wider than all of `rendered`: apart, so that scanning envelopes stays dense.
CREATE TABLE header (
    blob_id {bigint} PRIMARY KEY,
    fields {blob} NOT NULL,
    header {blob} NOT NULL
) {strict};

CREATE TABLE change (
    account_id {bigint} NOT NULL,
    modseq {bigint} NOT NULL,
    seq {bigint} NOT NULL, -- order within one modseq
    folder_id {bigint} NOT NULL,
    kind {bigint} NOT NULL,
    uids {text} NOT NULL, -- as in IMAP: 1:3,7
    at {bigint} NOT NULL,
    PRIMARY KEY (account_id, modseq, seq)
) {clustered};

CREATE TABLE lease (
    duty {text} PRIMARY KEY,
    holder {text} NOT NULL,
    held_until {bigint} NOT NULL
) {clustered};

CREATE TABLE trace (
    account_id {bigint} NOT NULL,
    message_id {bigint} NOT NULL,
    at {bigint} NOT NULL,
    session {text} NOT NULL,
    story {blob} NOT NULL,
    PRIMARY KEY (account_id, message_id)
) {clustered};
CREATE INDEX trace_at ON trace (at);

CREATE TABLE refusal (
    id {identity},
    at {bigint} NOT NULL,
    detail {blob} NOT NULL
) {strict};

CREATE TABLE spool (
    id {bigint} PRIMARY KEY,
    kind {text} NOT NULL,
    sender {text} NOT NULL,
    recipient {text} NOT NULL,
    blob_id {bigint},
    detail {blob} NOT NULL,
    created_at {bigint} NOT NULL
) {strict};
CREATE INDEX spool_blob ON spool (blob_id) WHERE blob_id IS NOT NULL;
