"""BDAT (RFC 3030 §2): content by count. Its octets are read whatever the reply will be."""

from collections.abc import Sequence

from mailstead.ground.model.envelope import BodyType
from mailstead.ground.wire.smtp.command import Bdat
from mailstead.ground.wire.smtp.receiver import Chunk, End
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.commands.content import conclude
from mailstead.servers.smtp.intake import Intake
from mailstead.servers.smtp.session import Session, State


async def bdat(session: Session, command: Bdat) -> Sequence[Reply]:
    """Take one chunk; the last one ends the transaction."""
    limit = session.office.max_message_size
    if command.size > 2 * limit:
        session.is_over = True  # too much even to be thrown away, and its octets must not be read as commands
        return (Reply(Status.TOO_LARGE),)
    state = session.state
    if state not in (State.RCPT, State.CHUNKS):
        await _read(session, command, None, is_first=True)
        return (Reply(Status.NEED_RECIPIENT if state is State.MAIL else Status.NEED_SENDER),)
    transaction = session.transaction
    assert transaction is not None, "so the states say"
    is_first = session.intake is None
    if session.intake is None:
        session.intake = Intake(session.taker.begin_body(transaction.envelope, session.client), session.number)
    intake = session.intake
    if intake.size + command.size > limit:
        intake.refuse(Reply(Status.TOO_LARGE))
    end = await _read(session, command, intake, is_first=is_first)
    if command.is_last:
        return await conclude(session, intake, end)
    if not end.intact:
        intake.refuse(Reply(Status.BARE_CONTENT))
    intake.write(end.data)
    return (intake.against or Reply(Status.CHUNK_OK, Status.CHUNK_OK.text.format(size=command.size)),)


async def _read(session: Session, command: Bdat, intake: Intake | None, *, is_first: bool) -> End:
    is_binary = session.transaction is not None and session.transaction.envelope.body is BodyType.BINARY
    session.receiver.expect_octets(command.size, is_first=is_first, is_last=command.is_last, is_binary=is_binary)
    began_at, before = session.office.clock.monotonic(), session.received
    while True:
        event = await session.next_content(began_at, before)
        if isinstance(event, End):
            return event
        assert isinstance(event, Chunk)
        if intake is not None:
            intake.write(event.data)
