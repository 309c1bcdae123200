"""Other people's mail servers, a DNS, and this server among them: all on loopback, each on addresses of its own."""
