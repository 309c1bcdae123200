"""DATA (RFC 5321 §4.1.1.4)."""

from collections.abc import Sequence

from mailstead.ground.model.envelope import BodyType
from mailstead.ground.wire.smtp.command import Word
from mailstead.ground.wire.smtp.receiver import Chunk, End
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.commands.content import conclude
from mailstead.servers.smtp.intake import Intake
from mailstead.servers.smtp.session import Session


async def data(session: Session, _command: Word) -> Sequence[Reply]:
    """Take the content up to its last dot. Whatever is wrong with it, all of it is read: none of it is a command."""
    transaction = session.transaction
    assert transaction is not None, "the table asks for recipients"
    if transaction.envelope.body is BodyType.BINARY:
        return (Reply(Status.NEED_BDAT),)  # RFC 3030 §3
    session.send(Reply(Status.START_INPUT))
    session.flush()
    intake = Intake(session.taker.begin_body(transaction.envelope, session.client), session.number)
    try:
        end = await _read(session, intake)
    except BaseException:  # the client is gone, too slow, or we stop: nothing of it stays
        intake.abort()
        raise
    return await conclude(session, intake, end)


async def _read(session: Session, intake: Intake) -> End:
    session.receiver.expect_data()
    began_at, before = session.office.clock.monotonic(), session.received
    while True:
        event = await session.next_content(began_at, before)
        if isinstance(event, End):
            return event
        assert isinstance(event, Chunk)
        intake.write(event.data)
