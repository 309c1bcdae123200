"""Every mechanism against a real store: who comes in, who does not, and what is told to whom."""

import base64
import hashlib
import statistics
from pathlib import Path
from time import perf_counter

import pytest

from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.directory import Status
from mailstead.ground.model.errors import AlreadyExists, Denied, Invalid, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.net.stream import TlsInfo
from mailstead.services.accounts.attempt import Attempt, Expired, Limited, NotAuthorized, Principal
from mailstead.services.accounts.credentials import (
    NewCredential,
    add_credential,
    digest_of_app_password,
    digest_of_token,
    list_credentials,
    make_secret,
    revoke_credential,
)
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.accounts.imports import import_rows
from mailstead.services.accounts.login import Authenticator
from mailstead.services.accounts.sasl import Challenge, Line, Malformed, NotOffered, PrivacyRequired
from mailstead.services.accounts.users import NewUser, UserChange, add_user, change_user, remove_user, set_password
from tests.support.directory import MARK, CountingHasher, open_directory
from tests.support.fake_clock import FakeClock
from tests.support.limiting import Limiting, set_policy, words_of
from tests.support.scram import ScramClient

PASSWORD = "long enough"
END_POINT = hashlib.sha256(b"our certificate").digest()
TLS = Line(TlsInfo("TLSv1.3", "x", certificate_hash=END_POINT), is_private=True)
LOCAL = Line(None, is_private=True)
APP, TOKEN = CredentialKind.APP_PASSWORD, CredentialKind.TOKEN


def attempt(service: str = "imap", ip: str = "192.0.2.1") -> Attempt:
    return Attempt(client_ip=ip, service=service)


@pytest.fixture
async def door(directory: Directory, clock: FakeClock) -> Authenticator:
    for name in ("ann", "bob"):
        await add_user(directory, NewUser(address=f"{name}@example.com", password=PASSWORD))
    await add_domain(directory, NewDomain(name="example.net", alias_of="example.com"))
    door = Authenticator(directory.store, directory.hasher, clock, default_domain="example.com")
    await door.refresh()
    return door


async def say(
    door: Authenticator, mechanism: str, message: bytes, line: Line = TLS, service: str = "imap"
) -> Principal:
    answer = await door.sasl.begin(mechanism, line, attempt(service)).start(message)
    assert isinstance(answer, Principal)
    return answer


async def scram(
    door: Authenticator, client: ScramClient, mechanism: str = "SCRAM-SHA-256", line: Line = TLS
) -> Principal:
    exchange = door.sasl.begin(mechanism, line, attempt())
    first = await exchange.start(client.first())
    assert isinstance(first, Challenge)
    final = await exchange.take(client.final(first.data))
    assert isinstance(final, Challenge)
    client.check(final.data)
    principal = await exchange.take(b"")
    assert isinstance(principal, Principal)
    return principal


async def salt_of(door: Authenticator, name: str) -> tuple[str, str]:
    first = await door.sasl.begin("SCRAM-SHA-256", TLS, attempt()).start(ScramClient(name, "x").first())
    assert isinstance(first, Challenge)
    _, salt, iterations = first.data.decode().split(",")
    return salt, iterations


# --- what is offered ---


async def test_what_is_offered_where(door: Authenticator) -> None:
    always = ("PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2")
    assert door.sasl.offered(TLS) == ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", *always)
    assert door.sasl.offered(LOCAL) == ("SCRAM-SHA-256", *always)
    assert door.sasl.offered(Line(None, is_private=False)) == ()
    with_certificate = Line(TlsInfo("TLSv1.3", "x", client_emails=("ann@example.com",)), is_private=True)
    assert door.sasl.offered(with_certificate) == ("EXTERNAL", "SCRAM-SHA-256", *always)
    with pytest.raises(PrivacyRequired):
        door.sasl.begin("SCRAM-SHA-256", Line(None, is_private=False), attempt())
    for name in ("CRAM-MD5", "SCRAM-SHA-1", "EXTERNAL", "", "X" * 1000):
        with pytest.raises(NotOffered):
            door.sasl.begin(name, TLS, attempt())
    with pytest.raises(NotOffered):
        door.sasl.begin("SCRAM-SHA-256-PLUS", LOCAL, attempt())


async def test_scram_is_offered_only_while_everyone_has_a_verifier(
    door: Authenticator, directory: Directory, clock: FakeClock
) -> None:
    """An imported hash has none until its owner logs in with the password; who cannot log in does not count."""
    await add_user(directory, NewUser(address="old@example.com", password_hash="$2b$10$" + "a" * 53))
    clock.advance(1)
    await door.refresh()
    assert "SCRAM-SHA-256" not in door.sasl.offered(TLS)
    await change_user(directory, "old", UserChange(status=Status.SUSPENDED))
    clock.advance(1)
    await door.refresh()
    assert "SCRAM-SHA-256" in door.sasl.offered(TLS)
    await change_user(directory, "old", UserChange(status=Status.ACTIVE))
    await remove_user(directory, "old")
    clock.advance(1)
    await door.refresh()
    assert "SCRAM-SHA-256" in door.sasl.offered(TLS)


async def test_the_first_login_with_an_imported_hash_brings_the_verifier(
    directory: Directory, clock: FakeClock
) -> None:
    await add_user(directory, NewUser(address="ann@example.com", password_hash="$2b$10$" + "a" * 53))

    class Knows(CountingHasher):
        async def verify(self, password: str, stored: str) -> bool:
            return password == PASSWORD

    door = Authenticator(directory.store, Knows(), clock, default_domain="example.com")
    await door.refresh()
    assert "SCRAM-SHA-256" not in door.sasl.offered(TLS)
    await say(door, "PLAIN", b"\0ann\0" + PASSWORD.encode())
    await door.refresh()
    assert "SCRAM-SHA-256" in door.sasl.offered(TLS)
    assert (await scram(door, ScramClient("ann@example.com", PASSWORD))).user.login == "ann@example.com"


async def test_imported_people_with_passwords_have_verifiers(door: Authenticator, directory: Directory) -> None:
    rows = [NewUser(address=f"p{number}@example.com", password=PASSWORD) for number in range(3)]
    assert [is_new async for _, is_new in import_rows(directory, rows)] == [True] * 3
    assert (await scram(door, ScramClient("p2", PASSWORD))).user.login == "p2@example.com"


# --- SCRAM ---


@pytest.mark.parametrize("name", ["ann@example.com", "ANN@Example.com", "ann", "ann@example.net"])
async def test_scram(door: Authenticator, name: str) -> None:
    assert (await scram(door, ScramClient(name, PASSWORD))).user.login == "ann@example.com"


async def test_scram_plus(door: Authenticator) -> None:
    client = ScramClient("ann", PASSWORD, gs2="p=tls-server-end-point,,", binding=END_POINT)
    assert (await scram(door, client, "SCRAM-SHA-256-PLUS")).user.login == "ann@example.com"


async def test_scram_wrong_and_robbed(door: Authenticator) -> None:
    for client, mechanism in (
        (ScramClient("ann", "wrong password"), "SCRAM-SHA-256"),
        (ScramClient("nobody", PASSWORD), "SCRAM-SHA-256"),
        (ScramClient("ann", PASSWORD, gs2="p=tls-server-end-point,,", binding=b"m" * 32), "SCRAM-SHA-256-PLUS"),
    ):
        with pytest.raises(Denied, match=r"^authentication failed$"):
            await scram(door, client, mechanism)
    with pytest.raises(Malformed):
        await scram(door, ScramClient("ann", PASSWORD, gs2="y,,"))
    await scram(door, ScramClient("ann", PASSWORD, gs2="y,,"), line=LOCAL)


async def test_scram_with_a_new_password(door: Authenticator, directory: Directory) -> None:
    await set_password(directory, "ann", "another one")
    await scram(door, ScramClient("ann", "another one"))
    with pytest.raises(Denied):
        await scram(door, ScramClient("ann", PASSWORD))
    await change_user(directory, "ann", UserChange(status=Status.SUSPENDED))
    with pytest.raises(Denied):
        await scram(door, ScramClient("ann", "another one"))


async def test_unknown_users_have_a_salt_that_stays(
    door: Authenticator, directory: Directory, clock: FakeClock
) -> None:
    """Also in another worker, and however the name is written."""
    first = await salt_of(door, "nobody@example.com")
    other = Authenticator(directory.store, directory.hasher, clock, default_domain="example.com")
    await other.refresh()
    assert await salt_of(other, "NOBODY") == first == await salt_of(door, "nobody@example.com")
    assert await salt_of(door, "nobody2@example.com") != first
    known = await salt_of(door, "ann@example.com")
    assert known == await salt_of(other, "ann")
    assert known[1] == first[1]
    assert len(known[0]) == len(first[0])


async def test_time_tells_nothing_of_users(door: Authenticator) -> None:
    """Both ways through the first message cost the same reads."""

    async def took(name: str) -> float:
        began = perf_counter()
        await salt_of(door, name)
        return perf_counter() - began

    await took("ann@example.com")
    known, unknown = [], []
    for number in range(150):
        known.append(await took("ann@example.com"))
        unknown.append(await took(f"nobody{number}@example.com"))
    assert abs(statistics.median(known) - statistics.median(unknown)) < 0.000_5


# --- authzid ---


async def test_authzid_may_only_be_oneself(door: Authenticator) -> None:
    for authzid in (b"ann@example.com", b"ann", b"ANN@example.net"):
        assert (await say(door, "PLAIN", authzid + b"\0ann\0" + PASSWORD.encode())).user.login == "ann@example.com"
    for authzid in (b"bob@example.com", b"bob", b"nobody", b"ann@elsewhere.test"):
        with pytest.raises(NotAuthorized):
            await say(door, "PLAIN", authzid + b"\0ann\0" + PASSWORD.encode())
        with pytest.raises(Denied) as told:
            await say(door, "PLAIN", authzid + b"\0ann\0wrong password")
        assert type(told.value) is Denied, "who is not ann learns nothing of whom ann may be"
    with pytest.raises(NotAuthorized):
        await scram(door, ScramClient("ann", PASSWORD, gs2="n,a=bob,"))
    await scram(door, ScramClient("ann", PASSWORD, gs2="n,a=ann,"))


# --- EXTERNAL ---


async def test_external(door: Authenticator) -> None:
    def line(*emails: str) -> Line:
        return Line(TlsInfo("TLSv1.3", "x", client_emails=emails), is_private=True)

    assert (await say(door, "EXTERNAL", b"", line("ann@example.com"))).user.login == "ann@example.com"
    assert (await say(door, "EXTERNAL", b"ann", line("Ann@Example.com"))).user.login == "ann@example.com"
    both = line("ann@example.com", "bob@example.com")
    assert (await say(door, "EXTERNAL", b"bob@example.com", both)).user.login == "bob@example.com"
    for authzid, emails in (
        (b"bob@example.com", ("ann@example.com",)),
        (b"", ("nobody@example.com",)),
        (b"", ("ann@elsewhere.test",)),
    ):
        with pytest.raises(Denied):
            await say(door, "EXTERNAL", authzid, line(*emails))


# --- tokens ---


def bearer(token: str, name: str = "") -> bytes:
    return f"n,{'a=' + name if name else ''},\x01auth=Bearer {token}\x01\x01".encode()


async def refused(door: Authenticator, mechanism: str, message: bytes, service: str = "imap") -> type[Denied]:
    exchange = door.sasl.begin(mechanism, TLS, attempt(service))
    answer = await exchange.start(message)
    assert isinstance(answer, Challenge)
    assert b'"status"' in answer.data
    with pytest.raises(Denied) as told:
        await exchange.take(b"\x01")
    return type(told.value)


async def make(directory: Directory, kind: CredentialKind, name: str = "x", **more: object) -> str:
    new = NewCredential(owner="ann", kind=kind, name=name, **more)  # type: ignore[arg-type]
    return (await add_credential(directory, new)).secret


async def test_tokens(door: Authenticator, directory: Directory, clock: FakeClock) -> None:
    token = await make(directory, TOKEN)
    assert (await say(door, "OAUTHBEARER", bearer(token))).user.login == "ann@example.com"
    assert (await say(door, "OAUTHBEARER", bearer(token, "ann@example.com"))).user.login == "ann@example.com"
    xoauth2 = f"user=ann@example.com\x01auth=Bearer {token}\x01\x01".encode()
    assert (await say(door, "XOAUTH2", xoauth2, service="pop3")).user.login == "ann@example.com"
    assert await refused(door, "OAUTHBEARER", bearer(token, "bob@example.com")) is NotAuthorized
    for bad in (token[:-1] + "!", token[:-1], "mst_" + "A" * 22, "eyJhbGciOiJub25lIn0.e30."):
        if "!" not in bad:
            assert await refused(door, "OAUTHBEARER", bearer(bad)) is Denied
    with pytest.raises(Denied):
        await say(door, "PLAIN", b"\0ann\0" + token.encode())
    await change_user(directory, "ann", UserChange(status=Status.SUSPENDED))
    assert await refused(door, "OAUTHBEARER", bearer(token)) is Denied
    await change_user(directory, "ann", UserChange(status=Status.ACTIVE))
    await revoke_credential(directory, "ann", TOKEN, "x")
    assert await refused(door, "OAUTHBEARER", bearer(token)) is Denied
    narrow = await make(directory, TOKEN, protocols=("pop3",), expires_at=Instant(clock.now() + 1000))
    assert await refused(door, "OAUTHBEARER", bearer(narrow)) is Denied
    await say(door, "OAUTHBEARER", bearer(narrow), service="pop3")
    clock.advance(1)
    assert await refused(door, "OAUTHBEARER", bearer(narrow), service="pop3") is Expired


# --- app passwords ---


async def test_app_passwords(door: Authenticator, directory: Directory, clock: FakeClock) -> None:
    hasher = directory.hasher
    assert isinstance(hasher, CountingHasher)
    hasher.verified.clear()
    secret = await make(directory, APP, protocols=("imap", "smtp"))
    assert len(secret.replace("-", "")) * 5 >= 128
    for typed in (secret, secret.replace("-", ""), secret.upper(), secret.replace("-", " ")):
        assert (await say(door, "PLAIN", b"\0ann\0" + typed.encode())).user.login == "ann@example.com"
    assert hasher.verified == [], "128 random bits need no slow hash"
    with pytest.raises(Denied):
        await say(door, "PLAIN", b"\0ann\0" + secret.encode(), service="pop3")
    with pytest.raises(Denied):
        await say(door, "PLAIN", b"\0bob\0" + secret.encode())
    with pytest.raises(Denied):
        await scram(door, ScramClient("ann", secret))
    with pytest.raises(AlreadyExists):
        await make(directory, APP)
    for protocols, name in ((("x400",), "y"), ((), ""), ((), "a\nb"), ((), "n" * 65)):
        with pytest.raises(Invalid):
            await make(directory, APP, name, protocols=protocols)
    await revoke_credential(directory, "ann", APP, "x")
    with pytest.raises(NotFound):
        await revoke_credential(directory, "ann", APP, "x")
    with pytest.raises(Denied):
        await say(door, "PLAIN", b"\0ann\0" + secret.encode())
    await say(door, "PLAIN", b"\0ann\0" + PASSWORD.encode())


async def test_the_last_use_is_written_once_an_hour(
    door: Authenticator, directory: Directory, clock: FakeClock
) -> None:
    secret = await make(directory, APP)

    async def used() -> Instant | None:
        if door._last_use._task is not None:
            await door._last_use._task
        return (await list_credentials(directory, "ann", APP))[0].used_at

    assert await used() is None
    first = clock.now()
    await say(door, "PLAIN", b"\0ann\0" + secret.encode())
    assert await used() == first
    clock.advance(3599)
    await say(door, "PLAIN", b"\0ann\0" + secret.encode())
    assert await used() == first
    clock.advance(1)
    await say(door, "PLAIN", b"\0ann\0" + secret.encode())
    assert await used() == clock.now()


def test_secrets_have_128_bits_and_a_shape() -> None:
    assert len(base64.urlsafe_b64decode(make_secret(TOKEN)[4:] + "==")) == 16
    assert digest_of_token(make_secret(TOKEN)) is not None
    assert digest_of_app_password(make_secret(APP)) is not None
    for text in ("", "password", "a" * 26 + "!", "0" * 26, "x" * 5000):
        assert digest_of_app_password(text) is None


# --- what failures cost ---


async def test_limits_over_all_mechanisms(tmp_path: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> None:
    async with open_directory(tmp_path, clock) as directory:
        guard = Limiting(directory.store, clock).guard
        await set_policy(directory, "example.com", *words_of(4))
        await add_user(directory, NewUser(address="ann@example.com", password=PASSWORD))
        door = Authenticator(directory.store, directory.hasher, clock, default_domain="example.com", guard=guard)
        await door.refresh()
        assert isinstance(directory.hasher, CountingHasher)
        with pytest.raises(Denied):
            await say(door, "PLAIN", b"\0ann\0wrong")
        with pytest.raises(Denied):
            await scram(door, ScramClient("ann", "wrong"))
        await refused(door, "OAUTHBEARER", bearer("mst_" + "A" * 22))
        with pytest.raises(Denied):
            await door.login("nobody", "x", client_ip="192.0.2.1", service="pop3")
        verified = len(directory.hasher.verified)
        for mechanism, message in (
            ("PLAIN", b"\0ann\0" + PASSWORD.encode()),
            ("OAUTHBEARER", bearer("mst_" + "A" * 22)),
            ("SCRAM-SHA-256", ScramClient("ann", PASSWORD).first()),
        ):
            with pytest.raises(Limited):
                await door.sasl.begin(mechanism, TLS, attempt()).start(message)
        assert len(directory.hasher.verified) == verified, "who is shut out costs no hash"
        principal = await door.login("ann", PASSWORD, client_ip="192.0.2.2", service="imap")
        assert principal.user.password_hash == MARK + PASSWORD


async def test_no_stranger_locks_an_owner_out(tmp_path: Path, clock: FakeClock) -> None:
    """From home whatever a neighbour behind the same address does, from a hotel whatever a crowd does; for weeks."""
    async with open_directory(tmp_path, clock) as directory:
        guard = Limiting(directory.store, clock).guard
        await set_policy(directory, "example.com", *words_of(4))
        for name in ("ann", "bob"):
            await add_user(directory, NewUser(address=f"{name}@example.com", password=PASSWORD))
        hasher = directory.hasher

        new = NewCredential(owner="ann", kind=TOKEN, name="phone", protocols=())
        token = (await add_credential(directory, new)).secret

        def worker() -> Authenticator:
            return Authenticator(directory.store, hasher, clock, default_domain="example.com", guard=guard)

        async def ann(door: Authenticator, ip: str, password: str = PASSWORD) -> Principal:
            return await door.login("ann", password, client_ip=ip, service="imap")

        first = worker()
        await ann(first, "192.0.2.1")
        assert first._places._task is not None
        await first._places._task
        clock.advance(20 * 86400)
        door = worker()
        for ip in ("192.0.2.1", "198.51.100.7"):
            for _ in range(4):
                with pytest.raises(Denied):
                    await ann(door, ip, "guess")
        assert (await ann(door, "192.0.2.1")).user.login == "ann@example.com"
        assert (await ann(door, "203.0.113.5")).user.login == "ann@example.com"
        by_token = await door.enter_by_token(attempt(), "", token)
        assert isinstance(by_token, Principal), "as whoever has her token"
        with pytest.raises(Limited):
            await ann(door, "198.51.100.7")
        with pytest.raises(Limited):
            await door.login("bob", PASSWORD, client_ip="192.0.2.1", service="imap")
        clock.advance(60 * 86400)
        for _ in range(4):
            with pytest.raises(Denied):
                await ann(door, "192.0.2.1", "guess")
        with pytest.raises(Limited):
            await ann(door, "192.0.2.1")
