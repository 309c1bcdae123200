"""A command that cannot be read, with the reply it deserves."""

from mailstead.ground.wire.smtp.reply import Status


class Fault(Exception):  # noqa: N818 - the client's fault, not ours
    """Raised by the parsers of commands and by nothing else."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.text)
        self.status = status
