"""What was rewritten is found again, what was forged is not."""

from hypothesis import assume, given
from hypothesis import strategies as st

from mailstead.ground.formats.srs import is_rewritten, reverse, rewrite
from mailstead.ground.model.address import Address, fold
from mailstead.ground.model.ids import Instant

NOW = st.integers(0, 5_000_000_000_000).map(Instant)
KEYS = st.binary(min_size=1, max_size=40)
LOCALS = st.one_of(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=30),
    st.text(st.characters(min_codepoint=0xA0, max_codepoint=0x24F), min_size=1, max_size=12),
    st.sampled_from(["SRS0=a=b=c=d", "srs1=a=one.example==b", "SRS0", "srs0+x", 'a"b', "x=y=z"]),
)
SENDERS = st.builds(Address.of, LOCALS, st.sampled_from(["example.org", "a.b.example", "xn--bcher-kva.example"]))


@given(SENDERS, KEYS, NOW)
def test_reverse_undoes_rewrite(sender: Address, key: bytes, now: Instant) -> None:
    made = rewrite(sender, "fwd.example", key, now)
    assume(made is not None)
    assert made is not None
    assert Address.parse(str(made)) == made
    back = reverse(made, [b"another", key], now)
    assert back is not None
    if is_rewritten(sender) and sender.local.upper().startswith("SRS1"):
        assert back.local == "SRS0" + sender.local.split("=", 3)[3]  # the first forwarder's, not the second's
    else:
        assert back.key == sender.key


@given(SENDERS, KEYS, NOW, st.data())
def test_a_changed_letter_is_a_forgery(sender: Address, key: bytes, now: Instant, data: st.DataObject) -> None:
    made = rewrite(sender, "fwd.example", key, now)
    assume(made is not None)
    assert made is not None
    place = data.draw(st.integers(0, len(made.local) - 1))
    local = made.local[:place] + data.draw(st.sampled_from("aZ7=x.")) + made.local[place + 1 :]
    assume(fold(local) != fold(made.local))
    assert reverse(Address(local, "fwd.example"), [key], now) is None


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=64), NOW)
def test_nothing_makes_it_fail(local: str, now: Instant) -> None:
    for prefix in ("", "SRS0=", "SRS1=", "SRS0=AAAAAA=AA="):
        assert reverse(Address(prefix + local, "fwd.example"), [b"key"], now) is None
