-- Quotas by messages and for whole domains, what was told of them, and annotations of folders (RFC 5464).

ALTER TABLE account ADD COLUMN quota_messages {bigint} NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN quota_warned {bigint} NOT NULL DEFAULT 0; -- the threshold last told, in percent

-- The counters of a domain are kept only while it has a quota: without one, filing does not touch its row.
ALTER TABLE domain ADD COLUMN quota_bytes {bigint} NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN quota_messages {bigint} NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN used_bytes {bigint} NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN used_messages {bigint} NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN quota_warned {bigint} NOT NULL DEFAULT 0;

-- `account_id` 0: of the server; `folder_id` 0: of no folder; `user_id` 0: shared, else private to this user.
CREATE TABLE metadata (
    account_id {bigint} NOT NULL,
    folder_id {bigint} NOT NULL,
    user_id {bigint} NOT NULL,
    entry {text} NOT NULL,
    size {bigint} NOT NULL,
    value {blob} NOT NULL,
    PRIMARY KEY (account_id, folder_id, user_id, entry)
) {strict};
CREATE INDEX metadata_user ON metadata (user_id);
