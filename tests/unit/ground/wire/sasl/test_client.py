"""Our client against our server's cores."""

from binascii import b2a_base64

import pytest

from mailstead.ground.wire.sasl.client import LoginClient, PlainClient, ScramClient, Untrusted
from mailstead.ground.wire.sasl.plain import Login, Plain
from mailstead.ground.wire.sasl.scram import Scram, derive
from mailstead.ground.wire.sasl.step import Challenge, Disproved, PasswordClaim, Proved, VerifierWanted


def test_plain() -> None:
    client = PlainClient("ann", "secret")
    assert Plain().start(client.initial()) == PasswordClaim("", "ann", "secret")
    assert client.answer(b"") == client.initial()


def test_login() -> None:
    client, server = LoginClient("ann", "secret"), Login()
    step = server.start(client.initial())
    while isinstance(step, Challenge):
        step = server.take(client.answer(step.data))
    assert step == PasswordClaim("", "ann", "secret")
    with pytest.raises(Untrusted):
        client.answer(b"Again:")


def scram(password: str, known: str = "s\u00e9cret") -> tuple[ScramClient, object]:
    client = ScramClient("ann,=x", password, "abcdef")
    server = Scram(nonce="123456", end_point=b"", is_plus=False, offers_plus=False)
    step = server.start(client.initial())
    assert step == VerifierWanted("", "ann,=x")
    step = server.supply(derive(known.encode(), b"salt", 4096))
    while isinstance(step, Challenge):
        step = server.take(client.answer(step.data))
    return client, step


def test_scram() -> None:
    client, step = scram("s\u00e9cret")
    assert step == Proved("", "ann,=x")
    assert client.is_satisfied


def test_scram_with_another_password() -> None:
    client, step = scram("other")
    assert isinstance(step, Disproved)
    assert not client.is_satisfied


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"r=other,s=c2FsdA==,i=4096",
        b"r=abcdef,s=c2FsdA==,i=4096",  # the server added nothing
        b"r=abcdefx,s=c2FsdA==,i=1",
        b"r=abcdefx,s=c2FsdA==,i=9000000",
        b"r=abcdefx,s=?,i=4096",
        b"m=x,r=abcdefx,s=c2FsdA==,i=4096",
    ],
)
def test_scram_from_a_server_that_is_none(challenge: bytes) -> None:
    with pytest.raises(Untrusted):
        ScramClient("ann", "secret", "abcdef").answer(challenge)


def test_scram_from_a_server_that_does_not_know_the_password() -> None:
    client = ScramClient("ann", "secret", "abcdef")
    client.answer(b"r=abcdefx,s=c2FsdA==,i=4096")
    with pytest.raises(Untrusted):
        client.answer(b"v=" + b2a_base64(b"x" * 32, newline=False))
    assert not client.is_satisfied
