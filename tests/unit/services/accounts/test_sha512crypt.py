"""The vectors of the specification, and whatever the C library says."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.services.accounts.sha512crypt import parse_sha512_crypt, sha512_crypt

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    crypt = pytest.importorskip("crypt")

VECTORS = [
    (
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
    (
        "Hello world!",
        (
            "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/"
            "YTBmSK6H9qs/y3RnOaw5v."
        ),
    ),
    (
        "This is just a test",
        (
            "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/"
            "e1JSbq3y6JMxxl8audkUEm0"
        ),
    ),
    (
        "a very much longer text to encrypt.  This one even stretches over morethan one line.",
        (
            "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEi"
            "DwGqd8p4ur1"
        ),
    ),
    (
        "we have a short salt string but not a short password",
        "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0",
    ),
    (
        "a short string",
        (
            "$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVc"
            "gEJAstJeonj1"
        ),
    ),
]


@pytest.mark.parametrize(("password", "stored"), VECTORS)
def test_vectors(password: str, stored: str) -> None:
    rounds, salt, digest = parse_sha512_crypt(stored)
    assert sha512_crypt(password.encode(), salt, rounds or 5000) == digest


@pytest.mark.parametrize(
    "stored",
    [
        "$6$salt$short",
        "$5$saltstring$svn8",
        "$6$rounds=10$salt$" + "a" * 86,
        "$6$rounds=999999999$salt$" + "a" * 86,
        "$6$" + "x" * 17 + "$" + "a" * 86,
        VECTORS[0][1] + "\n",
    ],
)
def test_what_is_not_one(stored: str) -> None:
    with pytest.raises(ValueError, match="SHA512-CRYPT"):
        parse_sha512_crypt(stored)


@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=200),
    st.text("./0123456789ABCXYZabcxyz", min_size=1, max_size=16),
)
@settings(max_examples=30, deadline=None)
def test_as_the_c_library_does(password: str, salt: str) -> None:
    theirs = crypt.crypt(password, f"$6$rounds=1000${salt}$")
    assert theirs == f"$6$rounds=1000${salt}${sha512_crypt(password.encode(), salt.encode(), 1000)}"
