"""SCRAM-SHA-256: the example of RFC 7677, and every way to cheat that RFC 5802 names."""

import base64

import pytest

from mailstead.ground.wire.sasl.scram import Scram, Verifier, derive, parse_verifier
from mailstead.ground.wire.sasl.step import Challenge, Disproved, Malformed, Proved, VerifierWanted
from tests.support.scram import ScramClient

END_POINT = b"h" * 32
VERIFIER = derive(b"pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)


def server(*, nonce: str = "s3rv3r-n0nce-of-18+", is_plus: bool = False, offers: bool = False) -> Scram:
    return Scram(nonce=nonce, end_point=END_POINT if is_plus or offers else b"", is_plus=is_plus, offers_plus=offers)


def go(core: Scram, client: ScramClient) -> object:
    step = core.start(client.first())
    assert isinstance(step, VerifierWanted)
    return core.take(client.final(core.supply(VERIFIER).data))


def test_the_example_of_rfc_7677() -> None:
    core = server(nonce="%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
    assert core.start(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO") == VerifierWanted("", "user")
    first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    assert core.supply(VERIFIER) == Challenge(first)
    final = (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    assert core.take(final) == Challenge(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert core.take(b"") == Proved("", "user")


def test_names_are_unescaped_and_authzid_is_told() -> None:
    core = server()
    step = core.start(b"n,a=b=2Cc=3Dd,n=x=2Cy=3Dz,r=abc")
    assert step == VerifierWanted("b,c=d", "x,y=z")


def test_plus_binds_the_channel() -> None:
    client = ScramClient("user", "pencil", gs2="p=tls-server-end-point,,", binding=END_POINT)
    core = server(is_plus=True, offers=True)
    step = go(core, client)
    assert isinstance(step, Challenge)
    client.check(step.data)
    assert core.take(b"") == Proved("", "user")


@pytest.mark.parametrize("binding", [b"", b"x" * 32, END_POINT + b"x", END_POINT[:-1]])
def test_plus_with_another_channel_is_disproved(binding: bytes) -> None:
    """Somebody in the middle shows a certificate of their own: the client binds to that one."""
    client = ScramClient("user", "pencil", gs2="p=tls-server-end-point,,", binding=binding)
    assert go(server(is_plus=True, offers=True), client) == Disproved("user")


@pytest.mark.parametrize(
    ("gs2", "is_plus", "offers"),
    [
        (b"y,,", False, True),  # RFC 5802 §6: our offer of PLUS was taken out on the way
        (b"y,,", True, True),
        (b"n,,", True, True),
        (b"p=tls-server-end-point,,", False, True),
        (b"p=tls-unique,,", True, True),
        (b"p=tls-exporter,,", True, True),
        (b"p=,,", True, True),
        (b"x,,", False, False),
        (b"n,", False, False),
        (b"", False, False),
        (b"n,a=,", False, False),
        (b"n,a=x=2X,", False, False),
    ],
)
def test_headers_that_are_refused(gs2: bytes, is_plus: bool, offers: bool) -> None:
    with pytest.raises(Malformed):
        server(is_plus=is_plus, offers=offers).start(gs2 + b"n=user,r=abc")


def test_a_client_that_could_bind_where_nothing_is_offered_is_well() -> None:
    assert isinstance(go(server(), ScramClient("user", "pencil", gs2="y,,")), Challenge)


def test_what_the_header_said_has_to_be_proved() -> None:
    """The same gs2 header has to come again, under the proof: `n` turned into `y` on the way is found out."""
    core, client = server(), ScramClient("user", "pencil")
    core.start(client.first())
    client.gs2 = "y,,"
    assert core.take(client.final(core.supply(VERIFIER).data)) == Disproved("user")


@pytest.mark.parametrize(
    "bare", [b"m=ext,n=user,r=abc", b"n=,r=abc", b"n=user", b"n=user,r=", b"n=us=er,r=a", b"n=u,r=a,m=x", b"n=\xff,r=a"]
)
def test_first_messages_that_are_refused(bare: bytes) -> None:
    with pytest.raises(Malformed):
        server().start(b"n,," + bare)


def test_finals_that_are_refused() -> None:
    def final(change: bytes, to: bytes) -> object:
        core, client = server(), ScramClient("user", "pencil")
        core.start(client.first())
        message = client.final(core.supply(VERIFIER).data)
        assert change in message
        return core.take(message.replace(change, to))

    with pytest.raises(Malformed, match="nonce"):
        final(b"r=cl13nt", b"r=xl13nt")
    for change, to in ((b",p=", b",q="), (b"c=biws", b"c=!"), (b",p=", b",p=="), (b"c=biws,", b"")):
        with pytest.raises(Malformed):
            final(change, to)
    assert final(b",p=", b",x=y,p=") == Disproved("user")  # the extension is not under the client's proof
    assert final(b"c=biws", b"c=eSws") == Disproved("user")


@pytest.mark.parametrize("proof", [b"", b"AA==", base64.b64encode(bytes(32)), base64.b64encode(bytes(64))])
def test_proofs_of_any_length_that_prove_nothing(proof: bytes) -> None:
    core, client = server(), ScramClient("user", "pencil")
    core.start(client.first())
    message = client.final(core.supply(VERIFIER).data)
    cut = message[: message.index(b",p=") + 3] + proof
    if not proof:
        with pytest.raises(Malformed):
            core.take(cut)
    else:
        assert core.take(cut) == Disproved("user")


def test_the_wrong_password_and_nothing_after_the_end() -> None:
    assert go(server(), ScramClient("user", "pen")) == Disproved("user")
    core = server()
    go(core, ScramClient("user", "pencil"))
    with pytest.raises(Malformed):
        core.take(b"more")


def test_verifiers_as_text() -> None:
    assert parse_verifier(str(VERIFIER)) == VERIFIER
    assert "pencil" not in str(VERIFIER)
    assert repr(VERIFIER) == "Verifier(4096, ...)"
    for text in ("", "SCRAM-SHA-1$4096:AA==$AA==:AA==", "SCRAM-SHA-256$4096:AA==$AA==:AA==", str(VERIFIER) + "x"):
        assert parse_verifier(text) is None
    few = Verifier(1, VERIFIER.salt, VERIFIER.stored_key, VERIFIER.server_key)
    assert parse_verifier(str(few)) is None
