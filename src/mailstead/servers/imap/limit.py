"""RFC 9738: how many messages one command works on. Of too many, those with the highest UIDs."""

from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.resync import code_messagelimit
from mailstead.servers.imap.reply import Refusal, Reply, no, ok
from mailstead.servers.imap.session import Session


def keep_to_limit(session: Session, uids: UidSet) -> tuple[UidSet, bytes]:
    """The UIDs to work on, and the code that says so if they are not all."""
    limit = session.services.settings.message_limit
    if len(uids) <= limit:
        return uids, b""
    kept = uids.numbers(len(uids) - limit + 1, len(uids))
    return kept, code_messagelimit(limit, kept.first)


def refuse_past_limit(session: Session, uids: UidSet) -> None:
    """RFC 9738 §3.1: COPY is done to all or none."""
    kept, code = keep_to_limit(session, uids)
    if code:
        raise Refusal(no(f"More than {len(kept)} messages in one command", code))


def finish(session: Session, text: str, limited: bytes, code: Code | bytes = b"") -> Reply:
    """The tagged OK; RFC 9738 §3.1: where it has another code, the limit is told in an untagged NO."""
    if limited and code:
        session.send(response.no(b"*", "Not all of the messages", limited))
        return ok(text, code)
    return ok(text, limited or code)
