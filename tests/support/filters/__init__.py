"""ClamAV, SpamAssassin and rspamd on loopback, each with what it needs to know EICAR and GTUBE and nothing more."""
