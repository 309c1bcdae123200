"""Side-by-side measurements: ours and Debian's Postfix and Dovecot, on one machine, in turn. Nothing here asserts a time."""
