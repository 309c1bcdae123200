-- What our own spam filter learned: see ground/formats/spam/lore.

-- Scope 0 is of everybody, others are accounts. The version counts up with each change of its pages.
CREATE TABLE spam_lore (
    scope {bigint} NOT NULL PRIMARY KEY,
    version {bigint} NOT NULL,
    tokens {bigint} NOT NULL, -- the version of the tokens it was learned by
    spam {bigint} NOT NULL,
    ham {bigint} NOT NULL
) {clustered};

CREATE TABLE spam_page (
    scope {bigint} NOT NULL,
    page {bigint} NOT NULL,
    version {bigint} NOT NULL, -- of the lore when it was last written
    cells {blob} NOT NULL, -- numbers of 32 bits, little endian
    PRIMARY KEY (scope, page)
) {clustered};

-- What was learned of each letter, so that it can be unlearned. The steps are what was added to each of its cells.
CREATE TABLE spam_lesson (
    account_id {bigint} NOT NULL, -- 0: of everybody
    letter {text} NOT NULL,
    is_spam {bigint} NOT NULL,
    shared_step {bigint} NOT NULL,
    own_step {bigint} NOT NULL,
    at {bigint} NOT NULL,
    PRIMARY KEY (account_id, letter)
) {clustered};
CREATE INDEX spam_lesson_at ON spam_lesson (at);

-- How far the moves of an account were followed.
CREATE TABLE spam_cursor (
    account_id {bigint} NOT NULL PRIMARY KEY,
    modseq {bigint} NOT NULL
) {clustered};

-- What came from whom, by account: networks, domains that vouched, senders.
CREATE TABLE spam_reputation (
    account_id {bigint} NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    good {bigint} NOT NULL, -- thousandths of letters, halved as time goes by
    bad {bigint} NOT NULL,
    at {bigint} NOT NULL,
    PRIMARY KEY (account_id, kind, name)
) {clustered};
CREATE INDEX spam_reputation_at ON spam_reputation (at);

-- Letters that accounts sent: what answers one is no spam.
CREATE TABLE spam_sent (
    account_id {bigint} NOT NULL,
    letter {bigint} NOT NULL, -- a hash of the Message-ID
    at {bigint} NOT NULL,
    PRIMARY KEY (account_id, letter)
) {clustered};
CREATE INDEX spam_sent_at ON spam_sent (at);
