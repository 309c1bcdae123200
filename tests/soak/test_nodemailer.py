"""nodemailer hands in letters over three connections at once, with STARTTLS and under TLS."""

import json
import subprocess
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.support.programs import need
from tests.support.record import record
from tests.support.server import ROOT, sandbox

pytestmark = pytest.mark.soak

COUNT = 200
MODULES = ROOT / ".cache" / "node"


def test_nodemailer(tmp_path: Path) -> None:
    node = need("node")
    if not (MODULES / "node_modules" / "nodemailer").is_dir():
        pytest.skip("nodemailer is missing: tools/node.sh")
    with sandbox(tmp_path, "--no-samples") as box:
        for tag in ("submission", "submissions"):
            given = {
                "modules": str(MODULES), "port": box.port(tag), "secure": tag == "submissions", "tag": tag,
                "user": "you@dev.localhost", "password": box.password("you"), "to": "ada@dev.localhost", "count": COUNT,
            }  # fmt: skip
            command = [node, str(Path(__file__).with_name("nodemailer.mjs")), json.dumps(given)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, done.stderr
            assert all(reply.startswith("250 2.0.0") for reply in json.loads(done.stdout))
        reader = box.imap("ada")
        count = int(reader.select("INBOX")[1][0])
        numbers = reader.search(None, "LARGER", "300000")[1][0].split()
        letter = message_from_bytes(reader.fetch(numbers[0].decode(), "(BODY[])")[1][0][1], policy=policy.default)
        reader.logout()
        assert box.errors() == []
    assert (count, len(numbers)) == (2 * COUNT, 2)
    (attachment,) = letter.iter_attachments()
    assert attachment.get_content() == "äb€".encode() * 50_000
    assert attachment.get_filename() == "ä b.bin"
    assert letter["Subject"].endswith(" 0 grüße")
    record("nodemailer, three connections", letters=count)
