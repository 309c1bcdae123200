"""Letters of our people."""


def letter(subject: str, body: bytes = b"Hello\r\n", *more: str, author: str = "Ann <ann@home.test>") -> bytes:
    """Complete, so that nothing has to be mended."""
    lines = [f"From: {author}", "Date: Fri, 20 Nov 2026 12:00:00 +0000", f"Message-ID: <{subject}@example.test>"]
    return "\r\n".join([*lines, f"Subject: {subject}", *more, "", ""]).encode() + body


EIGHT_BIT = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
BODIES = {
    "plain": b"Hello\r\n",
    "dots": b".\r\n..\r\n.x\r\n. \r\n\t.\r\nend.\r\n",
    "empty": b"",
    "blank": b"\r\n\r\n\r\n",
    "full": b"x" * 998 + b"\r\n" + b"y" * 997 + b"\r\n",
    "big": b"0123456789 and so on, until the line is full of it; then again\r\n" * 16_000,
}
"""What has to arrive as it was."""
