"""What domains ask of the lines to them, through the whole program: DANE, MTA-STS, and our own `outbound.tls`."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.chains import issue
from tests.support.programs import need_root
from tests.support.world.home import Home
from tests.support.world.letters import letter
from tests.support.world.world import POLICY, World

pytestmark = pytest.mark.e2e

STS = "version: STSv1\nmode: enforce\nmx: mx.{domain}\nmax_age: 86400\n"


def told(home: Home, recipient: str) -> str:
    """Why the last try came to nothing; nothing has left."""
    home.wait_event("spool.recipient.deferred", to=recipient)
    chapter = home.stories(recipient)[-1]
    assert chapter["results"][0]["ending"] == "deferred"
    assert not any(step.get("to") == "mail" for step in chapter["steps"])
    return f"{chapter['results'][0]['status']} {chapter['results'][0]['said']}"


def policy_of(home: Home, recipient: str) -> dict[str, object]:
    """What held of the line to the host."""
    home.wait_event("spool.recipient.sent", to=recipient)
    return [step for step in home.stories(recipient)[-1]["steps"] if step["what"] == "policy"][-1]


def test_dane(world: World, home: Home) -> None:
    """RFC 7672: a certificate that nobody vouches for but the signed zone."""
    home.submit(letter("dane"), "bob@dane.safe.test")
    (arrived,) = world.postfix.mail.wait("dane", what=home.log)
    assert b"using TLSv1.3" in arrived
    policy = policy_of(home, "bob@dane.safe.test")
    assert (policy["by"], policy["tls"], policy["authenticated"]) == ("dane", "must", 1)


def test_dane_and_another_certificate(world: World, home: Home) -> None:
    home.submit(letter("forged"), "bob@forged.safe.test")
    words = told(home, "bob@forged.safe.test")
    assert words.startswith("4.7.5 ")
    assert "TLSA" in words
    assert world.postfix.mail.letters("forged") == []


@contextmanager
def policies(world: World) -> Iterator[None]:
    """The HTTPS server of all policies."""
    need_root("port 443")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            domain = str(self.headers["Host"]).removeprefix("mta-sts.").partition(":")[0]
            body = STS.format(domain=domain).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    hosts = tuple(f"mta-sts.{name}.world.test" for name in ("sts", "pretender"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*world.files("policies", issue("policies", world.root, hosts=hosts)))
    server = ThreadingHTTPServer((POLICY, 443), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_mta_sts(world: World, home: Home) -> None:
    """RFC 8461: the policy is fetched, and holds."""
    with policies(world):
        home.submit(letter("sts"), "bob@sts.world.test")
        home.submit(letter("pretender"), "bob@pretender.world.test")
        (arrived,) = world.postfix.mail.wait("sts", what=home.log)
        words = told(home, "bob@pretender.world.test")
    assert b"using TLSv1.3" in arrived
    assert (policy_of(home, "bob@sts.world.test")["by"], words[:6]) == ("mta-sts", "4.7.5 ")
    assert "certificate" in words
    assert world.postfix.mail.letters("pretender") == []


@pytest.fixture(scope="module")
def strict(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Another server of ours, which trusts CAs alone."""
    home = Home(folder=tmp_path_factory.mktemp("strict"), domain="strict.test", people=("ann",), tls="secure")
    home.prepare(port=world.port, resolver=world.lab.resolver, authorities=world.authorities)
    home.furnish()
    with home.running():
        yield home


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("tls.world.test", "self-signed certificate"),
        ("expired.world.test", "certificate has expired"),
        ("plain.world.test", "STARTTLS is not offered"),
    ],
)
def test_secure_takes_no_other_line(world: World, strict: Home, domain: str, why: str) -> None:
    strict.submit(letter(f"strict-{domain}", author="ann@strict.test"), f"bob@{domain}")
    assert why in told(strict, f"bob@{domain}")
    assert world.postfix.mail.letters(f"strict-{domain}") == []


def test_secure_and_a_certificate_of_a_ca(world: World, strict: Home) -> None:
    strict.submit(letter("vouched", author="ann@strict.test"), "bob@good.world.test")
    world.postfix.mail.wait("vouched", what=strict.log)
    assert policy_of(strict, "bob@good.world.test")["authenticated"] == 1
