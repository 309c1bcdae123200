"""Base subjects, RFC 5256 §2.1."""

import pytest

from mailstead.ground.formats.subject import base_subject


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        (b"", ""),
        (b"hello", "hello"),
        (b"Re: hello", "hello"),
        (b"re : Fwd: FW: hello", "hello"),
        (b"Re[2]: hello", "hello"),
        (b"[list] Re: [list] hello", "hello"),
        (b"[list]", "[list]"),
        (b"[one] [two]", "[two]"),
        (b"Re: [list]", "[list]"),
        (b"hello (fwd) (FWD)  ", "hello"),
        (b"[fwd: hello]", "hello"),
        (b"[Fwd: Re: [x] hello (fwd)]", "hello"),
        (b"Re:", ""),
        (b"=?utf-8?Q?Re:_gr=C3=BC=C3=9Fe?=", "grüße"),
        (b"a \t b", "a b"),
        (b"Regards: x", "Regards: x"),
        (b"Rehearsal", "Rehearsal"),
        (b"Fruit", "Fruit"),
        (b"a [b]", "a [b]"),
        (b"a)", "a)"),
    ],
)
def test_base(subject: bytes, base: str) -> None:
    assert base_subject(subject) == base
