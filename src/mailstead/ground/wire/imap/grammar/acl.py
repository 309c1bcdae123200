"""SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3) and the quota commands (RFC 9208 §4.1)."""

from typing import Final

from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.sharing import (
    DeleteAcl,
    GetAcl,
    GetQuota,
    GetQuotaRoot,
    ListRights,
    MyRights,
    SetAcl,
    SetQuota,
)
from mailstead.ground.wire.imap.syntax import Syntax

RIGHTS: Final = "lrswipkxtea"
VIRTUAL: Final = {"c": "kx", "d": "te"}
"""RFC 4314 §2.1.1: rights of RFC 2086 that stand for several."""
RESOURCES_MAX: Final = 16


def _folder(cursor: Cursor) -> str:
    cursor.space()
    return cursor.folder()


def _text(cursor: Cursor, wanted: str) -> str:
    cursor.space()
    return cursor.text(wanted)


def parse_set_acl(cursor: Cursor) -> SetAcl:
    """RFC 4314 §3.1: a right nobody knows is BAD."""
    folder, identifier = _folder(cursor), _text(cursor, "an identifier")
    text = _text(cursor, "rights")
    op = text[:1] if text[:1] in {"+", "-"} else ""
    rights: set[str] = set()
    for right in text[len(op) :]:
        if right not in RIGHTS and right not in VIRTUAL:
            raise Syntax("Rights are some of lrswipkxtea, cd")
        rights.update(VIRTUAL.get(right, right))
    return SetAcl(folder, identifier, op, frozenset(rights))


def parse_delete_acl(cursor: Cursor) -> DeleteAcl:
    """RFC 4314 §3.2."""
    return DeleteAcl(_folder(cursor), _text(cursor, "an identifier"))


def parse_get_acl(cursor: Cursor) -> GetAcl:
    """RFC 4314 §3.3."""
    return GetAcl(_folder(cursor))


def parse_list_rights(cursor: Cursor) -> ListRights:
    """RFC 4314 §3.4."""
    return ListRights(_folder(cursor), _text(cursor, "an identifier"))


def parse_my_rights(cursor: Cursor) -> MyRights:
    """RFC 4314 §3.5."""
    return MyRights(_folder(cursor))


def parse_get_quota(cursor: Cursor) -> GetQuota:
    """RFC 9208 §4.1.1."""
    return GetQuota(_text(cursor, "a quota root"))


def parse_get_quota_root(cursor: Cursor) -> GetQuotaRoot:
    """RFC 9208 §4.1.2."""
    return GetQuotaRoot(_folder(cursor))


def _limit(cursor: Cursor) -> tuple[str, int]:
    name = cursor.atom("a resource").decode("ascii")
    cursor.space()
    return name, cursor.number()


def parse_set_quota(cursor: Cursor) -> SetQuota:
    """RFC 9208 §4.1.3: SETQUOTA root (STORAGE 512 MESSAGE 1000)."""
    root = _text(cursor, "a quota root")
    cursor.space()
    return SetQuota(root, tuple(cursor.items(_limit, limit=RESOURCES_MAX)))
