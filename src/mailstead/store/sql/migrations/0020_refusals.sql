-- Refusals are found by any of their names: each is a keyed hash (see services/policy/concealing), 0 if there is none.

ALTER TABLE refusal ADD COLUMN domain {text} NOT NULL DEFAULT '';
ALTER TABLE refusal ADD COLUMN sender_key {bigint} NOT NULL DEFAULT 0;
ALTER TABLE refusal ADD COLUMN recipient_key {bigint} NOT NULL DEFAULT 0;
ALTER TABLE refusal ADD COLUMN client_key {bigint} NOT NULL DEFAULT 0;
ALTER TABLE refusal ADD COLUMN letter_key {bigint} NOT NULL DEFAULT 0; -- its Message-ID
ALTER TABLE refusal ADD COLUMN session_key {bigint} NOT NULL DEFAULT 0;

CREATE INDEX refusal_domain ON refusal (domain, at, id);
CREATE INDEX refusal_sender ON refusal (sender_key, id) WHERE sender_key <> 0;
CREATE INDEX refusal_recipient ON refusal (recipient_key, id) WHERE recipient_key <> 0;
CREATE INDEX refusal_client ON refusal (client_key, id) WHERE client_key <> 0;
CREATE INDEX refusal_letter ON refusal (letter_key, id) WHERE letter_key <> 0;
CREATE INDEX refusal_session ON refusal (session_key, id) WHERE session_key <> 0;
CREATE INDEX message_origin ON message (origin_id) WHERE origin_id IS NOT NULL;
