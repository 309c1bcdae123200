"""Reports about mail as such: what strangers' letters showed is counted and told to the domains that ask for it, and
what others tell of our domains is read and kept."""
