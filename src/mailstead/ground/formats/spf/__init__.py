"""SPF (RFC 7208): whether a host may use a domain in HELO or MAIL FROM, as that domain's records say."""
