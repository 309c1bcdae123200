"""Who may come in: logins, passwords, domains, users, aliases."""
