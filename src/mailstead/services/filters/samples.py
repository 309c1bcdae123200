"""Letters that every scanner of its kind knows. In halves here, so that no scanner takes this file for one."""

from typing import Final

EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE: Final = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*" + b"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def letter(body: bytes, *, host: str, date: bytes) -> bytes:
    """From this host to itself."""
    return (
        b"From: Mailstead <postmaster@%(host)s>\r\nTo: postmaster@%(host)s\r\nSubject: A test of filters\r\n"
        b"Date: %(date)s\r\nMessage-ID: <filter-test@%(host)s>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=us-ascii\r\n\r\n%(body)s\r\n"
    ) % {b"host": host.encode(), b"date": date, b"body": body}
