"""Whatever a client says, a mechanism answers with a step or `Malformed`, and nothing proves what was not proved."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.wire.sasl.bearer import OauthBearer, Xoauth2
from mailstead.ground.wire.sasl.plain import External, Login, Plain
from mailstead.ground.wire.sasl.scram import Scram, derive, parse_verifier
from mailstead.ground.wire.sasl.step import Challenge, Malformed, Proved, VerifierWanted
from tests.support.scram import ScramClient

VERIFIER = derive(b"pencil", b"0123456789abcdef", 4096)
PIECES = (
    b"n,,", b"y,,", b"p=tls-server-end-point,,", b"n,a=x,", b"n=user,", b"r=abc", b"c=biws,", b"p=AAAA", b",m=x",
    b"=2C", b"=3D", b"\0", b"\x01", b"auth=Bearer ", b"user=", b"\x01\x01", b"\xff", b"a", b",", b"=",
)  # fmt: skip
MESSAGE = st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
CORES = (
    Plain, Login, External, OauthBearer, Xoauth2,
    lambda: Scram(nonce="n" * 18, end_point=b"", is_plus=False, offers_plus=False),
    lambda: Scram(nonce="n" * 18, end_point=b"h", is_plus=True, offers_plus=True),
)  # fmt: skip


@given(st.sampled_from(CORES), st.lists(MESSAGE, min_size=1, max_size=4))
@settings(max_examples=400, deadline=None)
def test_any_conversation_ends_in_a_step(make, messages: list[bytes]) -> None:
    core = make()
    try:
        for number, message in enumerate(messages):
            step = core.start(message) if number == 0 else core.take(message)
            if isinstance(step, VerifierWanted):
                step = core.supply(VERIFIER)
            assert not isinstance(step, Proved)
            if not isinstance(step, Challenge):
                return
    except Malformed:
        return


@given(st.text(min_size=1, max_size=20).filter(lambda name: "\0" not in name and name.encode("utf-8", "ignore")))
@settings(max_examples=100, deadline=None)
def test_every_name_comes_through(name: str) -> None:
    client = ScramClient(name, "pencil")
    core = Scram(nonce="n" * 18, end_point=b"", is_plus=False, offers_plus=False)
    assert core.start(client.first()) == VerifierWanted("", name)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_final_message_changed_anywhere_proves_nothing(data: st.DataObject) -> None:
    """But for the last letter: two of its bits mean nothing in base64."""
    client = ScramClient("user", "pencil")
    core = Scram(nonce="n" * 18, end_point=b"", is_plus=False, offers_plus=False)
    core.start(client.first())
    final = bytearray(client.final(core.supply(VERIFIER).data))
    at = data.draw(st.integers(0, len(final) - 3))
    final[at] ^= data.draw(st.integers(1, 255))
    try:
        step = core.take(bytes(final))
    except Malformed:
        return
    assert not isinstance(step, Challenge), bytes(final)


@given(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_verifiers_survive_being_written(password: bytes, salt: bytes) -> None:
    verifier = derive(password, salt, 4096)
    assert parse_verifier(str(verifier)) == verifier
