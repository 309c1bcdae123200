"""Delivery status notifications (RFC 3464, RFC 6522, RFC 6533): values, the letter made of them, and reading one."""
