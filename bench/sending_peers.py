"""Debian's Postfix for submission and sending, Dovecot for its logins, opendkim for its signatures."""

import shutil
import subprocess
import time
from pathlib import Path

from bench.imap import PASSWORD
from bench.sending_cases import DEAD_DOMAIN, DEAD_PORT, SINK_PORT, Mailer

PORT = 44465

DOVECOT = """
base_dir = {d}/dc/run
state_dir = {d}/dc/lib
log_path = {d}/dc/log
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/dc/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener {d}/dc/run/auth-postfix {{
    mode = 0666
  }}
}}
"""

POSTFIX = """
compatibility_level = 3.6
queue_directory = {d}/pf/spool
data_directory = {d}/pf/lib
maillog_file = {d}/pf/log
maillog_file_prefixes = {d}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = peer.example.test
mydestination =
mynetworks = 192.0.2.1/32
relayhost = [127.0.0.1]:{sink}
transport_maps = inline:{{ {{ {dead} = smtp:[127.0.0.1]:{dead_port} }} }}
smtpd_tls_cert_file = {d}/cert.pem
smtpd_tls_key_file = {d}/key.pem
smtpd_tls_security_level = may
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {d}/dc/run/auth-postfix
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_limit = 2000
smtpd_recipient_overshoot_limit = 2000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_milters = unix:{d}/milter.sock
milter_default_action = tempfail
default_destination_concurrency_limit = 20
default_destination_recipient_limit = 100
smtp_tls_security_level = may
"""

OPENDKIM = """
Syslog no
Mode s
Domain example.test
Selector bench
KeyFile {d}/dkim.pem
Canonicalization relaxed/relaxed
Socket local:{d}/milter.sock
UMask 000
InternalHosts 0.0.0.0/0
PidFile {d}/opendkim.pid
UserID root
RequireSafeKeys no
"""


class SendingPeers:
    """All three in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._milter: subprocess.Popen[bytes] | None = None

    def start(self) -> Mailer:
        """Write their configuration and start them."""
        folder = self._folder
        for name in ("pf/etc", "pf/spool", "pf/lib", "dc/run", "dc/lib"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (folder, folder / "pf", folder / "dc"):
            path.chmod(0o755)
        files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
        for words in (
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost", *files],
            ["genrsa", "-out", str(folder / "dkim.pem"), "2048"],
        ):
            subprocess.run(["openssl", *words], check=True, capture_output=True)
        (folder / "dc/users").write_text("".join(f"u{i}@example.test:{{PLAIN}}{PASSWORD}::::::\n" for i in range(10)))
        (folder / "dc/dovecot.conf").write_text(DOVECOT.format(d=folder))
        subprocess.run(["dovecot", "-c", str(folder / "dc/dovecot.conf")], check=True, stdin=subprocess.DEVNULL)
        (folder / "opendkim.conf").write_text(OPENDKIM.format(d=folder))
        self._milter = subprocess.Popen(["/usr/sbin/opendkim", "-f", "-x", str(folder / "opendkim.conf")])
        self._start_postfix()
        self._wait()
        return Mailer("Postfix+opendkim", PORT)

    def _start_postfix(self) -> None:
        folder, etc = self._folder, self._folder / "pf/etc"
        for name in ("post-install", "postfix-files", "postfix-script"):
            if Path("/etc/postfix", name).exists():
                shutil.copy(Path("/etc/postfix", name), etc)
        (etc / "main.cf").write_text(POSTFIX.format(d=folder, sink=SINK_PORT, dead=DEAD_DOMAIN, dead_port=DEAD_PORT))
        lines = []
        for line in Path("/etc/postfix/master.cf").read_text().splitlines():
            fields = line.split()
            if len(fields) < 8 or line.startswith(("#", " ")):
                continue
            fields[4] = "n"  # no chroot: the queue lives in this folder
            if fields[:2] == ["smtp", "inet"]:
                wrap = ["-o", "smtpd_tls_wrappermode=yes"]
                fields = [f"127.0.0.1:{PORT}", "inet", "n", "-", "n", "-", "200", "smtpd", *wrap]
            lines.append(" ".join(fields))
        if not any(line.startswith("postlog ") for line in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        (etc / "master.cf").write_text("\n".join(lines) + "\n")
        shutil.chown(folder / "pf/lib", "postfix")
        subprocess.run(["postfix", "-c", str(etc), "set-permissions"], capture_output=True, check=False)
        subprocess.run(["postfix", "-c", str(etc), "start"], check=True, capture_output=True)

    def _wait(self) -> None:
        import socket

        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", PORT), 1).close()
                if (self._folder / "milter.sock").exists():
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise TimeoutError("Postfix or opendkim does not answer")
            time.sleep(0.1)

    def stop(self) -> None:
        """End all three."""
        subprocess.run(["postfix", "-c", str(self._folder / "pf/etc"), "stop"], capture_output=True, check=False)
        subprocess.run(
            ["doveadm", "-c", str(self._folder / "dc/dovecot.conf"), "stop"], capture_output=True, check=False
        )
        if self._milter is not None:
            self._milter.terminate()
            self._milter.wait(10)

    def versions(self) -> str:
        """For the table's heading."""
        postfix = subprocess.run(
            ["postconf", "-d", "mail_version"], capture_output=True, text=True, check=True
        ).stdout.split()[-1]
        opendkim = subprocess.run(["/usr/sbin/opendkim", "-V"], capture_output=True, text=True, check=False).stdout
        return f"Postfix {postfix}, {opendkim.splitlines()[0].strip()}"
