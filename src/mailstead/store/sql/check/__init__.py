"""`mailstead db check`: says what is wrong in a database, row by row and byte by byte, while the server may go on."""

from mailstead.store.sql.check.finding import Finding, Progress, Severity
from mailstead.store.sql.check.walk import check

__all__ = ["Finding", "Progress", "Severity", "check"]
