"""What hooks are sent and answer; proofs as a receiver checks them."""

import base64
import hashlib
import hmac
import json

import pytest

from mailstead.ground.formats.hook import (
    NO_FLAGS,
    Act,
    Answer,
    BadAnswer,
    Seal,
    api_key,
    read_answer,
    render_metadata,
    render_step,
)
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.hook import Hook, Proof, Stage
from mailstead.ground.model.ids import Instant

NOW = Instant(1_790_000_000_500)
HOOK = Hook(name="crm", url="https://crm.test/", stages=(Stage.INBOUND,), secret="a secret of ours")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"", Answer()),
        (b"{}", Answer()),
        (b'{"action": "accept", "unknown": [1]}', Answer()),
        (b'{"action": "DROP"}', Answer(act=Act.DROP)),
        (b'{"action": "retry", "message": "later\\r\\n250 ok"}', Answer(act=Act.RETRY, words="later250 ok")),
        (b'{"is_spam": true}', Answer(is_spam=True)),
        (b'{"is_spam": "yes"}', Answer()),
        (
            b'{"add_labels": ["invoice", "two words", "in\\voice", 3, ""], "mark_read": true, "mark_starred": true}'
            .replace(b"\\v", b"*v"),
            Answer(marks=Flags.of(Flag.SEEN | Flag.FLAGGED, ("invoice", "two_words", "in_voice"))),
        ),
        (b'{"labels": ["x"], "mark_read": false}', Answer(marks=Flags.of(Flag.NONE, ("x",)))),
    ],
)  # fmt: skip
def test_answers(body: bytes, answer: Answer) -> None:
    assert read_answer(body, "application/json") == answer


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b'"drop"', b'{"action": "explode"}', b"[" * 100_000, b"\xff"])
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_answer(body, "application/json")


def test_other_types_say_nothing() -> None:
    assert read_answer(b'{"action": "drop"}', "text/plain") == Answer(marks=NO_FLAGS)


def test_a_receiver_can_check_who_calls() -> None:
    seal = Seal(HOOK, NOW, "https://mx.test")
    for piece in (b"a let", b"ter"):
        seal.feed(piece)
    fields = seal.fields()
    secret = HOOK.secret.encode()
    timestamp = fields["X-StMsg-Webhook-Timestamp"]
    mac = hmac.new(secret, f"{timestamp}.".encode() + b"a letter", hashlib.sha256).hexdigest()
    assert timestamp == "1790000000"
    assert fields["X-StMsg-Webhook-Signature"] == f"v1={mac}"
    head, claims, signature = fields["Authorization"].removeprefix("Bearer ").split(".")
    expected = hmac.new(secret, f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (told["iat"], told["exp"], told["sub"], told["body"]) == (1790000000, 1790000060, "crm", mac)


def test_a_key_does_not_tell_the_secret() -> None:
    hook = Hook(name="a", url="https://a.test/", stages=(Stage.RCPT,), secret="root", proof=Proof.API_KEY)
    fields = Seal(hook, NOW, "").fields()
    derived = hmac.new(b"root", b"messages.webhook.api_key.v1", hashlib.sha256).hexdigest()
    assert fields == {"X-StMsg-Api-Key": f"whk_{derived}"} == {"X-StMsg-Api-Key": api_key("root")}
    assert "root" not in repr(hook)


def test_metadata() -> None:
    letter = (
        b"From: =?utf-8?q?J=C3=B6rg?= <joerg@far.test>\r\nTo: Us: a@x.test, b@x.test;\r\nSubject: =?utf-8?b?4pyT?=\r\n"
        b"Date: Thu, 1 Jan 2026 12:00:00 +0000\r\nMessage-ID: <1@far.test>\r\n"
        b"In-Reply-To: <0@far.test>\r\n\r\nhello\r\n"
    )
    told = json.loads(render_metadata(letter, len(letter), NOW))
    assert told["from"] == [{"name": "Jörg", "email": "joerg@far.test"}]
    assert [one["email"] for one in told["to"]] == ["a@x.test", "b@x.test"]
    assert (told["subject"], told["messageId"], told["inReplyTo"]) == ("✓", ["1@far.test"], ["0@far.test"])
    assert (told["sentAt"], told["receivedAt"]) == ("2026-01-01T12:00:00Z", "2026-09-21T14:13:20Z")
    assert {"name": "Message-ID", "value": "<1@far.test>"} in told["headers"]


def test_steps() -> None:
    told = json.loads(render_step("rcpt", "a@b.test", ("c@d.test",), {"ip": "192.0.2.1"}, 7))
    assert told == {
        "stage": "rcpt", "mail_from": "a@b.test", "rcpt_to": ["c@d.test"], "client": {"ip": "192.0.2.1"}, "size": 7
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Bad Name"}, {"name": ""}, {"stages": ()}, {"stages": (Stage.MAIL,), "domains": ("a.test",)},
        {"timeout": 31}, {"timeout": 0}, {"at_once": 0}, {"url": "ftp://a.test"}, {"url": "https://" + "a" * 2000},
    ],
)  # fmt: skip
def test_hooks_that_cannot_be(wrong: dict[str, object]) -> None:
    right = {"name": "a", "url": "https://a.test/", "stages": (Stage.RCPT,), "secret": "s"}
    with pytest.raises(Invalid):
        Hook(**(right | wrong))  # type: ignore[arg-type]
