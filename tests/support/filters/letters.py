"""What every scanner of its kind knows. Put together here, so that no scanner takes this file for one."""

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*" + b"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def letter(subject: str, body: bytes = b"hello\r\n") -> bytes:
    """From a stranger to ada."""
    return (
        b"From: Eve <eve@far.test>\r\nTo: ada@dev.localhost\r\nSubject: %s\r\nMessage-ID: <%s@far.test>\r\n"
        b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n%s"
    ) % (subject.encode(), subject.replace(" ", "-").encode(), body)


VIRUS = letter("virus", EICAR + b"\r\n")
SPAM = letter("spam", GTUBE + b"\r\n")
HAM = letter("ham")
