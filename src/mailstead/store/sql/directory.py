"""The directory of the port: domains, accounts, users and aliases over one session."""

from mailstead.store.sql.accounts import SqlAccounts
from mailstead.store.sql.administering import SqlAdministering
from mailstead.store.sql.aliases import SqlAliases
from mailstead.store.sql.domains import SqlDomains
from mailstead.store.sql.users import SqlUsers


class SqlDirectory(SqlDomains, SqlAccounts, SqlUsers, SqlAliases, SqlAdministering):
    """Who is here. Each part is its own file."""
