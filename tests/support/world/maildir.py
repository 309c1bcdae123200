"""Where other servers put the letters that they took."""

from pathlib import Path

from tests.support.world.waiting import until


class Maildir:
    """One for all recipients. A letter is known by the text of its Subject."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def letters(self, subject: str) -> list[bytes]:
        """All of that subject, with LF."""
        wanted = f"\nSubject: {subject}\n".encode()
        found = []
        for path in sorted(self.folder.glob("new/*")):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            if wanted in content.partition(b"\n\n")[0] + b"\n":
                found.append(content)
        return found

    def wait(self, subject: str, count: int = 1, what: object = "") -> list[bytes]:
        """As soon as there are so many."""
        until(lambda: len(self.letters(subject)) >= count, lambda: str(what() if callable(what) else what))
        return self.letters(subject)
