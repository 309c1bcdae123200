"""Rules as data: each is a text that gives the rows which break it, and the words for them.

A sweep goes over one table by its key in parts, `:after` < key <= `:upto`. Each rule is one statement and sees one
state, so nothing that writers do meanwhile looks like damage. `{0}`, `{1}` in the words are the columns of the row.
"""

from dataclasses import dataclass
from typing import Final

from mailstead.store.sql.check.finding import Severity

ERROR: Final = Severity.ERROR
WARNING: Final = Severity.WARNING


@dataclass(frozen=True, slots=True)
class Rule:
    """What must not be found."""

    severity: Severity
    what: str
    where: str
    fix: str
    text: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Rules that are asked together of one part of a table after the other."""

    step: str
    table: str
    key: str
    part: int
    rules: tuple[Rule, ...]


RESTORE: Final = "restore the account from a backup"

ACCOUNTS: Final = Sweep("accounts", "account", "id", 1, (
    Rule(
        WARNING, "counts {2} messages of {3} bytes, has {4} of {5}", "account {0} ({1})",
        "with the server stopped: UPDATE account SET used_messages = {4}, used_bytes = {5} WHERE id = {0}", """
        SELECT a.id, a.address, a.used_messages, a.used_bytes, u.messages, u.size
          FROM account a CROSS JOIN (
               SELECT COUNT(*) AS messages, CAST(COALESCE(SUM(p.size), 0) AS {bigint}) AS size
                 FROM folder f JOIN placement p ON p.folder_id = f.id
                WHERE f.account_id = :upto AND NOT EXISTS (
                      SELECT 1 FROM placement q
                       WHERE q.message_id = p.message_id AND (q.folder_id, q.uid) < (p.folder_id, p.uid))) u
         WHERE a.id = :upto AND (a.used_messages <> u.messages OR a.used_bytes <> u.size)""",
    ),
    Rule(
        ERROR, "has a change past its modseq {2}: clients may miss what happens next", "account {0} ({1})",
        "UPDATE account SET modseq = (SELECT MAX(modseq) FROM change WHERE account_id = {0}) WHERE id = {0}", """
        SELECT a.id, a.address, a.modseq FROM account a
         WHERE a.id > :after AND a.id <= :upto
           AND EXISTS (SELECT 1 FROM change c WHERE c.account_id = a.id AND c.modseq > a.modseq)""",
    ),
    Rule(
        ERROR, "belongs to domain {2}, which is gone", "account {0} ({1})",
        "add the domain again and set domain_id to its id", """
        SELECT a.id, a.address, a.domain_id FROM account a
         WHERE a.id > :after AND a.id <= :upto AND a.status <> 'deleted'
           AND NOT EXISTS (SELECT 1 FROM domain d WHERE d.id = a.domain_id)""",
    ),
))  # fmt: skip

FOLDERS: Final = Sweep("folders", "folder", "id", 1, (
    Rule(
        WARNING, "counts {2} messages ({3} unseen, {4} deleted) of {5} bytes, has {6} ({7}, {8}) of {9}",
        "folder {0} ({1})",
        "with the server stopped:"
        " UPDATE folder SET messages = {6}, unseen = {7}, deleted = {8}, size = {9} WHERE id = {0}",
        """
        SELECT f.id, f.name, f.messages, f.unseen, f.deleted, f.size, c.messages, c.unseen, c.deleted, c.size
          FROM folder f CROSS JOIN (
               SELECT COUNT(*) AS messages, CAST(COALESCE(SUM(size), 0) AS {bigint}) AS size,
                      CAST(COALESCE(SUM(CASE WHEN (bits & 1) = 0 THEN 1 ELSE 0 END), 0) AS {bigint}) AS unseen,
                      CAST(COALESCE(SUM(CASE WHEN (bits & 8) <> 0 THEN 1 ELSE 0 END), 0) AS {bigint}) AS deleted
                 FROM placement WHERE folder_id = :upto) c
         WHERE f.id = :upto
           AND (f.messages <> c.messages OR f.unseen <> c.unseen OR f.deleted <> c.deleted OR f.size <> c.size)""",
    ),
    Rule(
        ERROR, "has a UID past its UIDNEXT {2}: the next letter would collide", "folder {0} ({1})",
        "UPDATE folder SET uidnext = (SELECT MAX(uid) + 1 FROM placement WHERE folder_id = {0}) WHERE id = {0}", """
        SELECT f.id, f.name, f.uidnext FROM folder f
         WHERE f.id > :after AND f.id <= :upto
           AND EXISTS (SELECT 1 FROM placement p WHERE p.folder_id = f.id AND p.uid >= f.uidnext)""",
    ),
    Rule(
        ERROR, "is at modseq {2}, has placements past it or is past its account", "folder {0} ({1})",
        "UPDATE folder SET modseq = (SELECT modseq FROM account WHERE id = account_id) WHERE id = {0}", """
        SELECT f.id, f.name, f.modseq FROM folder f JOIN account a ON a.id = f.account_id
         WHERE f.id > :after AND f.id <= :upto
           AND (f.modseq > a.modseq
                OR EXISTS (SELECT 1 FROM placement p WHERE p.folder_id = f.id AND p.modseq > f.modseq))""",
    ),
    Rule(
        ERROR, "belongs to account {2}, which is gone", "folder {0} ({1})", RESTORE, """
        SELECT f.id, f.name, f.account_id FROM folder f
         WHERE f.id > :after AND f.id <= :upto
           AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = f.account_id)""",
    ),
))  # fmt: skip

# Of one folder, `:folder`, whose row may be missing.
PLACEMENTS: Final = Sweep("placements", "placement", "uid", 2000, (
    Rule(
        ERROR, "places message {2}, which is gone", "folder {0}, UID {1}",
        "restore the message from a backup, or expunge this UID", """
        SELECT p.folder_id, p.uid, p.message_id FROM placement p
         WHERE p.folder_id = :folder AND p.uid > :after AND p.uid <= :upto
           AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = p.message_id)""",
    ),
    Rule(
        ERROR, "says {2} bytes, message {4} has {3}", "folder {0}, UID {1}",
        "UPDATE placement SET size = {3} WHERE folder_id = {0} AND uid = {1}", """
        SELECT p.folder_id, p.uid, p.size, m.size, m.id FROM placement p JOIN message m ON m.id = p.message_id
         WHERE p.folder_id = :folder AND p.uid > :after AND p.uid <= :upto AND m.size <> p.size""",
    ),
    Rule(
        ERROR, "shows message {2} of another account", "folder {0}, UID {1}",
        "look who can read it before anything else, then expunge this UID", """
        SELECT p.folder_id, p.uid, p.message_id
          FROM placement p JOIN message m ON m.id = p.message_id JOIN folder f ON f.id = p.folder_id
         WHERE p.folder_id = :folder AND p.uid > :after AND p.uid <= :upto AND m.account_id <> f.account_id""",
    ),
))  # fmt: skip

MESSAGES: Final = Sweep("messages", "message", "id", 2000, (
    Rule(
        ERROR, "has lost its blob {1}", "message {0}", "restore the blob from a backup", """
        SELECT m.id, m.blob_id FROM message m
         WHERE m.id > :after AND m.id <= :upto AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.id = m.blob_id)""",
    ),
    Rule(
        ERROR, "says {1} bytes, its prefix and blob have {2}", "message {0}",
        "UPDATE message SET size = {2} WHERE id = {0}", """
        SELECT m.id, m.size, b.size + length(m.prefix) FROM message m JOIN blob b ON b.id = m.blob_id
         WHERE m.id > :after AND m.id <= :upto AND m.size <> b.size + length(m.prefix)""",
    ),
    Rule(
        WARNING, "is in no folder", "message {0}", "with the server stopped: DELETE FROM message WHERE id = {0}", """
        SELECT m.id FROM message m
         WHERE m.id > :after AND m.id <= :upto
           AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.message_id = m.id)""",
    ),
    Rule(
        ERROR, "belongs to account {1}, which is gone", "message {0}", RESTORE, """
        SELECT m.id, m.account_id FROM message m
         WHERE m.id > :after AND m.id <= :upto
           AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = m.account_id)""",
    ),
))  # fmt: skip

BLOBS: Final = Sweep("blobs", "blob", "id", 2000, (
    Rule(
        ERROR, "has no envelope or header: FETCH does not show its messages", "blob {0}",
        "let the server compute them again from its bytes, or restore from a backup", """
        SELECT b.id FROM blob b
         WHERE b.id > :after AND b.id <= :upto
           AND EXISTS (SELECT 1 FROM message m WHERE m.blob_id = b.id)
           AND (NOT EXISTS (SELECT 1 FROM rendered r WHERE r.blob_id = b.id)
                OR NOT EXISTS (SELECT 1 FROM header h WHERE h.blob_id = b.id))""",
    ),
    Rule(
        WARNING, "is used by nothing and never goes", "blob {0}",
        "INSERT INTO unused_blob (blob_id, unused_since) VALUES ({0}, 0)", """
        SELECT b.id FROM blob b
         WHERE b.id > :after AND b.id <= :upto
           AND NOT EXISTS (SELECT 1 FROM message m WHERE m.blob_id = b.id)
           AND NOT EXISTS (SELECT 1 FROM spool_letter s WHERE s.blob_id = b.id)
           AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.blob_id = b.id)
           AND NOT EXISTS (SELECT 1 FROM unused_blob u WHERE u.blob_id = b.id)""",
    ),
))  # fmt: skip


def leftover(table: str, key: str) -> Sweep:
    """Rows computed of a blob that is gone."""
    rule = Rule(
        WARNING, f"{table}: the blob is gone", "blob {0}", f"DELETE FROM {table} WHERE {key} = {{0}}",  # noqa: S608
        f"SELECT t.{key} FROM {table} t WHERE t.{key} > :after AND t.{key} <= :upto"  # noqa: S608 - names of ours
        f" AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.id = t.{key})",
    )  # fmt: skip
    return Sweep(table, table, key, 2000, (rule,))


SPOOL: Final = Sweep("spool", "spool_letter", "id", 2000, (
    Rule(
        ERROR, "from {1} has lost its blob {2}", "spooled letter {0}", "restore the blob from a backup", """
        SELECT s.id, s.sender, s.blob_id FROM spool_letter s
         WHERE s.id > :after AND s.id <= :upto AND s.settled_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.id = s.blob_id)""",
    ),
    Rule(
        ERROR, "counts {1} recipients that wait and {2} that failed, has {3} and {4}", "spooled letter {0}",
        "UPDATE spool_letter SET waiting = {3}, failed = {4} WHERE id = {0}", """
        SELECT s.id, s.waiting, s.failed, COALESCE(c.waiting, 0), COALESCE(c.failed, 0)
          FROM spool_letter s LEFT JOIN (
               SELECT r.letter_id, SUM(CASE WHEN r.state IN ('active', 'deferred') THEN 1 ELSE 0 END) AS waiting,
                      SUM(CASE WHEN r.state = 'failed' THEN 1 ELSE 0 END) AS failed
                 FROM spool_recipient r WHERE r.letter_id > :after AND r.letter_id <= :upto
                GROUP BY r.letter_id) c ON c.letter_id = s.id
         WHERE s.id > :after AND s.id <= :upto
           AND (s.waiting <> COALESCE(c.waiting, 0) OR s.failed <> COALESCE(c.failed, 0))""",
    ),
    Rule(
        ERROR, "waits for {1}, and no lane leads there: nobody tries it", "spooled letter {0}",
        "INSERT INTO spool_lane (destination, due_at) VALUES ('{1}', 0)", """
        SELECT r.letter_id, r.destination FROM spool_recipient r
         WHERE r.letter_id > :after AND r.letter_id <= :upto AND r.state IN ('active', 'deferred')
           AND NOT EXISTS (SELECT 1 FROM spool_lane w WHERE w.destination = r.destination)""",
    ),
))  # fmt: skip

DIRECTORY: Final = (
    Sweep("domains", "domain", "id", 2000, (
        Rule(
            WARNING, "holds {2} messages of {3} bytes against its quota, its accounts have {4} of {5}",
            "domain {0} ({1})", "set its quota again: mailstead domain set {1} --total-quota SIZE", """
            SELECT d.id, d.name, d.used_messages, d.used_bytes, COALESCE(u.messages, 0), COALESCE(u.size, 0)
              FROM domain d LEFT JOIN (
                   SELECT a.domain_id, CAST(SUM(a.used_messages) AS {bigint}) AS messages,
                          CAST(SUM(a.used_bytes) AS {bigint}) AS size
                     FROM account a GROUP BY a.domain_id) u ON u.domain_id = d.id
             WHERE d.id > :after AND d.id <= :upto AND (d.quota_bytes > 0 OR d.quota_messages > 0)
               AND (d.used_messages <> COALESCE(u.messages, 0) OR d.used_bytes <> COALESCE(u.size, 0))""",
        ),
        Rule(
            WARNING, "is another name for domain {2}, which is gone", "domain {0} ({1})",
            "mailstead domain remove {1}, or set alias_of to a domain that is there", """
            SELECT d.id, d.name, d.alias_of FROM domain d
             WHERE d.id > :after AND d.id <= :upto AND d.alias_of IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM domain o WHERE o.id = d.alias_of)""",
        ),
    )),
    Sweep("aliases", "alias", "id", 2000, (
        Rule(
            WARNING, "belongs to domain {2}, which is gone", "alias {0} ({1})", "mailstead alias remove {1}", """
            SELECT l.id, l.address, l.domain_id FROM alias l
             WHERE l.id > :after AND l.id <= :upto
               AND NOT EXISTS (SELECT 1 FROM domain d WHERE d.id = l.domain_id)""",
        ),
    )),
    Sweep("access", "access", "user_id", 100, (
        Rule(
            WARNING, "user {0} may enter account {1}, one of them is gone", "access of user {0}",
            "DELETE FROM access WHERE user_id = {0} AND account_id = {1}", """
            SELECT g.user_id, g.account_id FROM access g
             WHERE g.user_id > :after AND g.user_id <= :upto
               AND (NOT EXISTS (SELECT 1 FROM mail_user u WHERE u.id = g.user_id)
                    OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = g.account_id))""",
        ),
    )),
    Sweep("credentials", "credential", "id", 2000, (
        Rule(
            WARNING, "is of user {1}, who is gone", "credential {0}", "DELETE FROM credential WHERE id = {0}", """
            SELECT c.id, c.user_id FROM credential c
             WHERE c.id > :after AND c.id <= :upto
               AND NOT EXISTS (SELECT 1 FROM mail_user u WHERE u.id = c.user_id)""",
        ),
    )),
)  # fmt: skip

FACTORS: Final = Sweep("second factors", "totp", "user_id", 2000, (
    Rule(
        WARNING, "is of user {0}, who is gone", "second factor {0}", "DELETE FROM totp WHERE user_id = {0}", """
        SELECT t.user_id FROM totp t
         WHERE t.user_id > :after AND t.user_id <= :upto
           AND NOT EXISTS (SELECT 1 FROM mail_user u WHERE u.id = t.user_id)""",
    ),
))  # fmt: skip

QUARANTINE: Final = Sweep("quarantine", "quarantine", "id", 2000, (
    Rule(
        ERROR, "for {1} has lost its blob {2}", "kept letter {0}", "restore the blob from a backup", """
        SELECT q.id, q.recipient, q.blob_id FROM quarantine q
         WHERE q.id > :after AND q.id <= :upto AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.id = q.blob_id)""",
    ),
))  # fmt: skip

SWEEPS: Final = (
    *DIRECTORY, FACTORS, ACCOUNTS, FOLDERS, MESSAGES, BLOBS, SPOOL, QUARANTINE,
    leftover("rendered", "blob_id"), leftover("header", "blob_id"), leftover("unused_blob", "blob_id"),
)  # fmt: skip
"""Over whole tables; PLACEMENTS goes folder by folder."""

NO_FOLDER: Final = Rule(
    ERROR, "has placements and no row", "folder {0}", "restore the folder from a backup", """
    SELECT p.folder_id FROM placement p
     WHERE p.folder_id = :folder AND NOT EXISTS (SELECT 1 FROM folder f WHERE f.id = p.folder_id) LIMIT 1""",
)  # fmt: skip
