"""Side-by-side measurements.

Ours and Debian's Postfix and Dovecot, on one machine, in turn. Nothing here asserts a time.
"""
