-- Keys of DKIM (RFC 6376). They go by the name of their domain, as the records in the DNS do. The private key lies here as
-- it is: whoever reads this database may sign, as whoever reads a key file may.

CREATE TABLE signing_key (
    domain {text} NOT NULL,
    selector {text} NOT NULL,
    algorithm {text} NOT NULL,
    pem {text} NOT NULL,
    state {text} NOT NULL, -- new, active, retiring, retired
    created_at {bigint} NOT NULL,
    seen_at {bigint}, -- since when every look into the DNS has shown its record
    activated_at {bigint},
    retired_at {bigint},
    PRIMARY KEY (domain, selector)
) {clustered};
CREATE INDEX signing_key_state ON signing_key (state, domain, selector);
