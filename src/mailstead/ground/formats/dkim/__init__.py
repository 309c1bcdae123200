"""DKIM (RFC 6376, RFC 8301, RFC 8463): the bytes that are hashed, signed and checked. Private keys stay outside."""
