"""Hashes of ours and of others."""

import base64
import hashlib

import pytest

from mailstead.ground.model.errors import Invalid
from mailstead.services.accounts.passwords import (
    PASSWORD_MAX,
    check_stored,
    generate_password,
    hash_password,
    needs_rehash,
    prepare_password,
    verify_password,
)

SHA512 = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
ARGON2 = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$"


def salted(name: str, digest: str, password: bytes, salt: bytes = b"salt") -> str:
    return f"{{{name}}}" + base64.b64encode(hashlib.new(digest, password + salt).digest() + salt).decode()


def test_our_own() -> None:
    stored = hash_password("correct horse")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password("correct horse", stored)
    assert not verify_password("correct horsf", stored)
    assert not needs_rehash(stored)
    assert hash_password("correct horse") != stored


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        ("U*U", BCRYPT),
        ("U*U", "{BLF-CRYPT}" + BCRYPT),
        ("U*U", "{crypt}" + BCRYPT),
        ("U*U", BCRYPT.replace("$2a$", "$2y$")),
        ("U*U", BCRYPT.replace("$2a$", "$2b$")),
        ("Hello world!", SHA512),
        ("Hello world!", "{SHA512-CRYPT}" + SHA512),
        ("secret", salted("SSHA", "sha1", b"secret")),
        ("secret", salted("ssha", "sha1", b"secret", b"longer salt than usual")),
        ("secret", salted("SSHA256", "sha256", b"secret")),
        ("secret", salted("SSHA512", "sha512", b"secret")),
    ],
)
def test_those_of_others(password: str, stored: str) -> None:
    bare = check_stored(stored)
    assert verify_password(password, stored)
    assert verify_password(password, bare)
    assert not verify_password(password + "x", bare)
    assert needs_rehash(bare)


def test_bcrypt_of_a_long_password_saw_72_bytes_of_it() -> None:
    import bcrypt

    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert verify_password("x" * 80, stored)


def test_argon2_with_other_costs_is_replaced() -> None:
    import argon2

    stored = argon2.PasswordHasher(time_cost=3, memory_cost=8192, parallelism=4).hash("secret")
    assert verify_password("secret", "{ARGON2ID}" + stored)
    assert needs_rehash(stored)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "secret",
        "{PLAIN}secret",
        "{CLEAR}secret",
        "{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "{SSHA}" + base64.b64encode(b"x" * 20).decode(),  # no salt
        "{SSHA}????",
        "{SSHA}" + "A" * 2000,
        BCRYPT.replace("$05$", "$31$"),
        BCRYPT[:-1],
        "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$aGFzaA",
        "$argon2id$v=19$m=64,t=999,p=1$c29tZXNhbHQ$aGFzaA",
        "$6$rounds=999999999$salt$" + "a" * 86,
    ],
)
def test_what_is_not_taken(stored: str) -> None:
    with pytest.raises(Invalid) as raised:
        check_stored(stored)
    assert not verify_password("secret", stored)
    if "secret" in stored:
        assert "secret" not in str(raised.value)


def test_a_hash_that_is_cut_fits_nothing() -> None:
    assert not verify_password("secret", ARGON2)
    assert not verify_password("secret", hash_password("secret")[:-5])


def test_one_password_in_two_spellings() -> None:
    stored = hash_password("ångström")
    assert verify_password("a\u030angstro\u0308m", stored)
    assert prepare_password("a\u2003b\u00a0c") == "a b c"


@pytest.mark.parametrize("password", ["", "a\0b", "a\nb", "\x7f", "\ud800", "\ue000", "x" * (PASSWORD_MAX + 1)])
def test_what_cannot_be_a_password(password: str) -> None:
    with pytest.raises(Invalid):
        prepare_password(password)
    assert not verify_password(password, hash_password("secret"))


def test_emoji_are_letters_too() -> None:
    family = "👩\u200d👧"
    assert verify_password(family, hash_password(family))


def test_generated_passwords() -> None:
    made = {generate_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) == 23 and not set(password) & set("01lo") for password in made)
