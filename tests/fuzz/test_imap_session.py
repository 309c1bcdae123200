"""Whatever a client sends, in whatever state: every command is answered once, and never by a fault of ours."""

import asyncio
import random
import re
import tempfile
from pathlib import Path

import pytest

from tests.support.imap_scene import ImapScene, open_scene

FOLDERS = [
    "INBOX",
    "Archive",
    "inbox",
    '"a b"',
    "Work/x",
    "&-",
    '"&AOQ-"',
    "{3+}\r\nabc",
    "Shared/x/INBOX",
    "%",
    "/",
    '""',
    "NIL",
]
SETS = ["1", "1:*", "*", "2:1", "4294967295", "0", "1,3:5", "$", "9:2,*", "a", "1:"]
FLAGS = ["(\\Seen)", "\\Deleted", "(kw $x)", "()", "(\\Recent)", "(" + "a" * 200 + ")", "(\\*)"]
ITEMS = [
    "FLAGS",
    "(UID BODY[])",
    "ALL",
    "FULL",
    "BODY[1.2.3.MIME]<0.5>",
    "BODY.PEEK[HEADER.FIELDS (From X)]",
    "BINARY[1]",
    "BINARY.SIZE[1]",
    "BODY[TEXT]<9.0>",
    "RFC822",
    "(ENVELOPE BODYSTRUCTURE BODY)",
    "BODY[0]",
    "BODY[MIME]",
    "MODSEQ",
    "(SAVEDATE PREVIEW (LAZY) EMAILID THREADID)",
    "FLAGS (CHANGEDSINCE 3)",
    "(FLAGS) (CHANGEDSINCE 3 VANISHED)",
    "(UID) (PARTIAL -1:-2 CHANGEDSINCE 1)",
    "UID (PARTIAL 1:*)",
    "(",
]
KEYS = [
    "ALL",
    "SEEN",
    "NOT SEEN",
    "OR SEEN (BODY x)",
    "HEADER x y",
    "TEXT letter",
    "SINCE 1-Jan-2020",
    "BEFORE 99-Foo-1",
    "LARGER 5",
    "UID 1:*",
    "KEYWORD kw",
    "SENTON 1-Feb-2024",
    "CHARSET UTF-8 SUBJECT {2+}\r\n\xc3\xa4",
    "$",
    "((((ALL))))",
    "MODSEQ 4",
    'MODSEQ "/flags/\\\\seen" all 2',
    "OLDER 5",
    "YOUNGER 0",
    "SAVEDON 1-Feb-2024",
    "EMAILID M1",
    "THREADID NIL",
    "UIDAFTER 2",
    "UIDBEFORE 4294967295",
]
SHAPES = [
    "NOOP",
    "CHECK",
    "CAPABILITY",
    "SELECT {f}",
    "EXAMINE {f}",
    "SELECT INBOX (CONDSTORE)",
    "SELECT INBOX (QRESYNC (1800000000 3 {s}))",
    "SELECT INBOX (QRESYNC (1800000000 3 1:5 (1:3 1,2,5)))",
    "ENABLE CONDSTORE",
    "ENABLE QRESYNC",
    "ENABLE UIDONLY",
    "STATUS {f} (HIGHESTMODSEQ MAILBOXID)",
    "STORE {s} (UNCHANGEDSINCE 4) +FLAGS.SILENT {l}",
    "UIDBATCHES 500 {s}",
    "UIDBATCHES 1000",
    "CREATE {f}",
    "DELETE {f}",
    "RENAME {f} {f}",
    "SUBSCRIBE {f}",
    "UNSUBSCRIBE {f}",
    "LIST {f} {f}",
    "LIST (SUBSCRIBED) {f} ({f} {f}) RETURN (STATUS (MESSAGES))",
    "LSUB {f} {f}",
    "STATUS {f} (MESSAGES SIZE)",
    "FETCH {s} {i}",
    "UID FETCH {s} {i}",
    "STORE {s} +FLAGS {l}",
    "UID STORE {s} FLAGS.SILENT {l}",
    "COPY {s} {f}",
    "UID MOVE {s} {f}",
    "MOVE {s} {f}",
    "EXPUNGE",
    "UID EXPUNGE {s}",
    "CLOSE",
    "UNSELECT",
    "SEARCH {k}",
    "UID SEARCH RETURN (MIN COUNT SAVE) {k} {k}",
    "SEARCH RETURN () {k}",
    "ENABLE IMAP4rev2",
    "ID NIL",
    "NAMESPACE",
    "MYRIGHTS {f}",
    "GETACL {f}",
    "SETACL {f} {f} +lrd",
    "SETACL {f} bob {f}",
    "DELETEACL {f} {f}",
    "LISTRIGHTS {f} {f}",
    "GETQUOTA {f}",
    "GETQUOTAROOT {f}",
    "SETQUOTA {f} (STORAGE 1 {f} 2)",
    "GETMETADATA (DEPTH infinity MAXSIZE 3) {f} (/shared /private/x)",
    "SETMETADATA {f} (/private/x {f} /shared/y NIL)",
    "SETMETADATA {f} (/private/x ~{{3+}}\r\na\x00b)",
    "LIST {f} {f} RETURN (MYRIGHTS METADATA (/shared/y) STATUS (DELETED-STORAGE APPENDLIMIT))",
    "LOGIN a b",
    "APPEND {f} {l} {{4+}}\r\nab\r\n",
    "APPEND {f} ~{{3+}}\r\na\x00b",
    "APPEND {f} {{2+}}\r\nxx {{1+}}\r\ny",
    "IDLE\r\nDONE",
    "STARTTLS",
    "AUTHENTICATE PLAIN AAAA",
    "XYZZY {f}",
    "FETCH",
]


def make_command(dice: random.Random) -> bytes:
    shape = dice.choice(SHAPES)
    for slot, choices in (("{f}", FOLDERS), ("{s}", SETS), ("{l}", FLAGS), ("{i}", ITEMS), ("{k}", KEYS)):
        while slot in shape:
            shape = shape.replace(slot, dice.choice(choices).replace("{", "{{").replace("}", "}}"), 1)
    line = bytearray(shape.replace("{{", "{").replace("}}", "}").encode("latin-1"))
    if dice.random() < 0.15 and b"{" not in line:
        position = dice.randrange(len(line))
        line[position : position + dice.randrange(3)] = bytes([dice.choice(b'()"\\ {}[]<>*%\x00\xff1')])
    return bytes(line)


async def drive(seed: int, folder: Path) -> None:
    dice = random.Random(seed)
    async with open_scene(folder, {"letters": "5", "select": "INBOX", "bad_commands_max": "1000"}) as scene:
        sent = [b"q%d" % number for number in range(60)]
        data = b"".join(tag + b" " + make_command(dice) + b"\r\n" for tag in sent) + b"zz LOGOUT\r\n"
        scene.stream.peer.send(data, cut=dice.choice([0, 0, 7]))
        out = await read_to_the_end(scene)
        assert b"SERVERBUG" not in out, out[out.index(b"SERVERBUG") - 200 :][:300]
        answers = re.findall(rb"^(q\d+|zz) (?:OK|NO|BAD) ", out, re.MULTILINE)
        assert len(answers) == len(set(answers)), "answered twice"
        assert answers == sorted(answers, key=lambda tag: int(tag[1:]) if tag[1:].isdigit() else 999), "out of order"


async def read_to_the_end(scene: ImapScene) -> bytes:
    """A flood may end in a literal or an AUTHENTICATE that never comes: then the client goes away."""
    out = b""
    async with asyncio.timeout(20):
        while not scene.server.done():
            out += scene.stream.peer.take_all()
            if scene.stream.is_asking and not scene.stream.has_input():
                scene.stream.peer.drop()
            await asyncio.sleep(0)
    return out + scene.stream.peer.take_all()


@pytest.mark.parametrize("seed", range(12))
def test_random_commands(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(drive(seed, Path(folder)))
