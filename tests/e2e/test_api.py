"""The API of the real program, by curl: every example of its page, and a kill in the midst of changes."""

import http.client
import json
import os
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import need
from tests.support.server import ROOT, Sandbox, sandbox

pytestmark = pytest.mark.e2e

ADA = "ada@example.com"
YOU = "you@dev.localhost"
PASSWORD = "a long password"


class Curl:
    """curl as people type it, on the port where the sandbox serves."""

    def __init__(self, site: Sandbox, home: Path) -> None:
        home.mkdir(exist_ok=True)
        self.port = site.port("http")
        (home / ".curlrc").write_text(f'silent\nmax-time = 30\nconnect-to = "localhost:8980:127.0.0.1:{self.port}"\n')
        self.environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(home), "HOME": str(home)}

    def run(self, command: str) -> str:
        shell = [need("bash"), "-c", command]
        done = subprocess.run(shell, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout

    def ask(self, method: str, path: str, body: Any = None, *more: str) -> tuple[int, Any]:
        """Status and JSON; 0 if the program was not there."""
        command = [need("curl"), "-X", method, "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {self.key}", *more]
        command += ["--json", json.dumps(body)] if body is not None else []
        url = f"http://localhost:8980/api/v1{path}"
        done = subprocess.run(
            [*command, url], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        text, _, status = done.stdout.rpartition("\n")
        return int(status or 0), json.loads(text) if text else None

    key = ""


def open_api(site: Sandbox, home: Path) -> Curl:
    """With an administrator ada@example.com and a key of hers."""
    need("curl")
    site.cli("domain", "add", "example.com")
    site.cli("user", "add", ADA, "--password-stdin", "--admin", text=f"{PASSWORD}\n")
    curl = Curl(site, home)
    curl.key = curl.environment["KEY"] = json.loads(site.cli("token", "create", ADA, "tests", "--json").stdout)[
        "secret"
    ]
    return curl


def test_every_example_of_the_page_works_as_printed(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    examples = re.findall(r"^ +(curl (?:.*\\\n)*.*)$", page, re.MULTILINE)
    with sandbox(tmp_path) as site:
        curl = open_api(site, tmp_path / "home")
        login, me, made = [json.loads(curl.run(re.sub(r"\\\n\s*", "", example))) for example in examples]
        assert login["token"].startswith("mst_")
        assert login["user"]["name"] == me["name"] == ADA
        assert (made["login"], made["role"]) == ("eve@example.com", "user")
        _, entries = curl.ask("GET", "/audit?limit=1")
        assert [entries["items"][0][name] for name in ("action", "who", "subject")] == [
            "user.created", ADA, "eve@example.com",
        ]  # fmt: skip
        _, logs = curl.ask("GET", "/logs?event=auth.login.succeeded&limit=5")
        assert {one["fields"]["username"] for one in logs["items"]} == {ADA}, "whichever worker it was"
        _, stats = curl.ask("GET", "/stats")
        assert stats["counters"]["auth_successes_total"] >= 1
        site.cli("user", "set", ADA, "--role", "readonly")
        assert curl.ask("POST", "/aliases", {"address": "x@example.com", "targets": [ADA]})[0] == 403, "at once"
        site.cli("token", "revoke", ADA, "tests")
        assert curl.ask("GET", "/auth/me")[0] == 401
        listed = [
            json.loads(line) for line in site.cli("audit", "list", "--json", "--action", "token").stdout.splitlines()
        ]
        assert [one["action"] for one in listed] == ["token.revoked", "token.created", "token.created"]
        assert site.cli("audit", "verify").returncode == 0


def ask(port: int, key: str, method: str, path: str, body: Any = None, idempotency: str = "") -> tuple[int, Any]:
    """Status and JSON; 0 if the program was not there."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": idempotency}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


def test_killed_in_the_midst_of_changes_nothing_is_half_done(tmp_path: Path) -> None:
    with sandbox(tmp_path) as site:
        key = json.loads(site.cli("token", "create", YOU, "tests", "--json").stdout)["secret"]
        answered: dict[int, int] = {}
        some = threading.Event()

        def add(number: int) -> int:
            wanted = {"address": f"a{number}@dev.localhost", "targets": [YOU]}
            return ask(site.port("http"), key, "POST", "/aliases", wanted, str(number))[0]

        def keep_adding() -> None:
            for number in range(150):
                answered[number] = add(number)
                if number == 10:
                    some.set()
                if not answered[number]:
                    return

        def addresses(path: str, field: str) -> list[str]:
            _, page = ask(site.port("http"), key, "GET", f"{path}limit=200")
            return sorted(one[field] for one in page["items"])

        thread = threading.Thread(target=keep_adding)
        thread.start()
        assert some.wait(30)
        site.kill()
        thread.join(60)
        site.start()
        before = addresses("/aliases?", "address")
        assert {f"a{number}@dev.localhost" for number, status in answered.items() if status == 201} <= set(before)
        assert addresses("/audit?action=alias&", "subject") == before, "told exactly if done"
        assert {add(number) for number in answered} == {201}, "done before, or done now"
        assert addresses("/aliases?", "address") == sorted(f"a{number}@dev.localhost" for number in answered)
        assert addresses("/audit?action=alias&", "subject") == addresses("/aliases?", "address")
        assert ask(site.port("http"), key, "GET", "/audit/verify")[1]["whole"] is True
