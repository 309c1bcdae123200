"""SASL (RFC 4422) without IO: what a client says in, challenges and claims out. Base64 is the protocols' own affair."""
