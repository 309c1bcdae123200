"""To other servers: routes, hosts, trust, connections, attempts. Knows no spool."""
