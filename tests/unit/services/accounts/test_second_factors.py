"""With a second factor the password is not enough: not in mail protocols at all, and elsewhere with a code."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from mailstead.ground.formats.totp import code_at, step_of
from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.errors import AlreadyExists, Denied, Invalid, NotFound
from mailstead.net.stream import TlsInfo
from mailstead.services.accounts import enrolling
from mailstead.services.accounts.attempt import (
    AppPasswordNeeded,
    Attempt,
    CodeNeeded,
    EnrolmentNeeded,
    Limited,
    Principal,
)
from mailstead.services.accounts.credentials import NewCredential, add_credential
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.login import Authenticator
from mailstead.services.accounts.sasl import Challenge, Line, NotOffered
from mailstead.services.accounts.users import NewUser, add_user
from mailstead.services.accounts.verifiers import KEPT
from mailstead.services.policy.enforcing import TotpEnforcement
from mailstead.services.policy.policies import Policies
from tests.support.fake_clock import FakeClock
from tests.support.limiting import set_policy
from tests.support.scram import ScramClient

PASSWORD, ANN = "long enough", "ann@example.com"
MAIL = Attempt(client_ip="192.0.2.1", service="imap")
TLS = Line(TlsInfo("TLSv1.3", "x", client_emails=(ANN,)), is_private=True)


@pytest.fixture
async def door(directory: Directory, clock: FakeClock) -> Authenticator:
    for name in ("ann", "bob"):
        await add_user(directory, NewUser(address=f"{name}@example.com", password=PASSWORD))
    store = directory.store
    enforcement = TotpEnforcement(store, Policies(store))
    return Authenticator(store, directory.hasher, clock, default_domain="example.com", enforcement=enforcement)


class App:
    """An authenticator app."""

    def __init__(self, secret: str, clock: FakeClock) -> None:
        self._secret = base64.b32decode(secret)
        self._clock = clock

    def code(self, drift: int = 0) -> str:
        return code_at(self._secret, step_of(self._clock.now()) + drift)


async def enroll(directory: Directory, clock: FakeClock, name: str = ANN) -> tuple[App, tuple[str, ...]]:
    app = App((await enrolling.enroll(directory, name, issuer="example.com")).secret, clock)
    _, codes = await enrolling.confirm(directory, name, app.code())
    clock.advance(60)
    return app, codes


def api(code: str) -> Attempt:
    return replace(MAIL, service="api", code=code)


async def enter(door: Authenticator, attempt: Attempt = MAIL, name: str = ANN, password: str = PASSWORD) -> Principal:
    return await door.enter_by_password(attempt, name, password)


@pytest.mark.parametrize("service", ["imap", "pop3", "smtp", "managesieve", "control"])
async def test_mail_programs_need_app_passwords(
    directory: Directory, door: Authenticator, clock: FakeClock, service: str
) -> None:
    mail = replace(MAIL, service=service)
    assert (await enter(door, mail)).user.login == ANN
    await enroll(directory, clock)
    with pytest.raises(AppPasswordNeeded, match="app password"):
        await enter(door, mail)  # it had just been remembered
    with pytest.raises(Denied, match=r"^authentication failed$") as refused:
        await enter(door, mail, password="wrong")
    assert type(refused.value) is Denied, "a stranger learns nothing"
    for kind in CredentialKind:
        made = await add_credential(directory, NewCredential(owner=ANN, kind=kind, name="phone"))
        entered: Any = (
            await enter(door, mail, password=made.secret)
            if kind is CredentialKind.APP_PASSWORD
            else await door.enter_by_token(mail, ANN, made.secret)
        )
        assert entered.user.login == ANN
    assert (await enter(door, mail, "bob@example.com")).user.login == "bob@example.com"


async def test_until_a_first_code_was_shown_nothing_changes(directory: Directory, door: Authenticator) -> None:
    await enrolling.enroll(directory, ANN, issuer="example.com")
    assert (await enter(door)).user.login == ANN
    with pytest.raises(Invalid, match="clock"):
        await enrolling.confirm(directory, ANN, "000000x")
    assert (await enter(door)).user.login == ANN


async def test_scram_is_not_offered_and_its_proof_not_enough(
    directory: Directory, door: Authenticator, clock: FakeClock
) -> None:
    await door.refresh()
    assert "SCRAM-SHA-256" in door.sasl.offered(TLS)
    client = ScramClient(ANN, PASSWORD)
    exchange = door.sasl.begin("SCRAM-SHA-256", TLS, MAIL)
    first = await exchange.start(client.first())
    assert isinstance(first, Challenge)
    await enroll(directory, clock)
    final = await exchange.take(client.final(first.data))
    assert isinstance(final, Challenge)
    with pytest.raises(AppPasswordNeeded):
        await exchange.take(b"")
    clock.advance(KEPT)
    await door.refresh()
    assert "SCRAM-SHA-256" not in door.sasl.offered(TLS)
    with pytest.raises(NotOffered):
        door.sasl.begin("SCRAM-SHA-256", TLS, MAIL)
    await enrolling.remove(directory, ANN)
    clock.advance(KEPT)
    await door.refresh()
    assert "SCRAM-SHA-256" in door.sasl.offered(TLS)
    assert (await enter(door)).user.login == ANN


async def test_a_certificate_alone_is_not_enough_either(
    directory: Directory, door: Authenticator, clock: FakeClock
) -> None:
    assert isinstance(await door.sasl.begin("EXTERNAL", TLS, MAIL).start(b""), Principal)
    await enroll(directory, clock)
    with pytest.raises(AppPasswordNeeded):
        await door.sasl.begin("EXTERNAL", TLS, MAIL).start(b"")


async def test_where_a_code_can_be_asked_for_it_is(directory: Directory, door: Authenticator, clock: FakeClock) -> None:
    assert (await enter(door, api(""))).user.login == ANN
    app, recovery = await enroll(directory, clock)
    with pytest.raises(CodeNeeded):
        await enter(door, api(""))
    with pytest.raises(Denied, match=r"^authentication failed$"):
        await enter(door, api(app.code()), password="wrong")
    assert (await enter(door, api(app.code()))).user.login == ANN, "a wrong password used no code up"
    with pytest.raises(Denied, match=r"^authentication failed$"):
        await enter(door, api(app.code()))
    assert (await enter(door, api(app.code(drift=1)))).user.login == ANN
    with pytest.raises(Denied):
        await enter(door, api(app.code()))
    assert (await enter(door, api(recovery[3]))).user.login == ANN
    with pytest.raises(Denied):
        await enter(door, api(recovery[3]))
    _, fresh = await enrolling.renew_recovery(directory, ANN)
    with pytest.raises(Denied):
        await enter(door, api(recovery[4]))
    assert (await enter(door, api(fresh[0]))).user.login == ANN
    for _ in range(5):
        with pytest.raises(Denied):
            await enter(door, api("000000x"))
    with pytest.raises(Limited):
        await enter(door, api(app.code()))


async def test_a_domain_may_ask_everybody(directory: Directory, door: Authenticator, clock: FakeClock) -> None:
    await door.refresh()
    await set_policy(directory, "example.com", "auth.totp_enforced=on")
    with pytest.raises(AppPasswordNeeded):
        await enter(door)
    with pytest.raises(EnrolmentNeeded, match="second factor"):
        await enter(door, api("123456"))
    clock.advance(KEPT)
    await door.refresh()
    assert "SCRAM-SHA-256" not in door.sasl.offered(TLS)
    app, _ = await enroll(directory, clock)
    assert (await enter(door, api(app.code()))).user.login == ANN
    made = await add_credential(directory, NewCredential(owner=ANN, kind=CredentialKind.APP_PASSWORD, name="phone"))
    assert (await enter(door, password=made.secret)).user.login == ANN
    await set_policy(directory, "example.com", "auth.totp_enforced=off")
    assert (await enter(door, name="bob@example.com")).user.login == "bob@example.com"
    with pytest.raises(AppPasswordNeeded):
        await enter(door)
    clock.advance(KEPT)
    await enrolling.remove(directory, ANN)
    await door.refresh()
    assert "SCRAM-SHA-256" in door.sasl.offered(TLS)


async def test_enrolling_is_done_in_order(directory: Directory, door: Authenticator, clock: FakeClock) -> None:
    with pytest.raises(NotFound):
        await enrolling.confirm(directory, ANN, "123456")
    with pytest.raises(NotFound):
        await enrolling.remove(directory, ANN)
    with pytest.raises(NotFound):
        await enrolling.renew_recovery(directory, ANN)
    first = await enrolling.enroll(directory, ANN, issuer="example.com")
    second = await enrolling.enroll(directory, ANN, issuer="example.com")
    assert first.secret != second.secret
    assert second.secret not in repr(second)
    with pytest.raises(Invalid):
        await enrolling.confirm(directory, ANN, App(first.secret, clock).code())
    code = App(second.secret, clock).code()
    await enrolling.confirm(directory, ANN, code, dry_run=True)
    assert (await enrolling.state(directory, ANN)).recovery_left == 0
    _, codes = await enrolling.confirm(directory, ANN, code)
    assert len(set(codes)) == (await enrolling.state(directory, ANN)).recovery_left == 10
    with pytest.raises(AlreadyExists):
        await enrolling.confirm(directory, ANN, code)
    with pytest.raises(AlreadyExists):
        await enrolling.enroll(directory, ANN, issuer="example.com")
    clock.advance(1)
    with pytest.raises(Denied):
        await enter(door, api(code))  # the code that confirmed is used up
