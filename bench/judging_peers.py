"""Debian's Postfix and Dovecot with what they check strangers' letters with: policyd-spf, opendkim, opendmarc."""

import shutil
import subprocess
from pathlib import Path

from bench.imap import Target
from bench.peers import Peers

OPENDKIM = """
Syslog no
Mode v
Socket local:{d}/opendkim.sock
UMask 000
PidFile {d}/opendkim.pid
UserID root
AuthservID peer.example.test
PeerList {d}/nobody
InternalHosts {d}/nobody
ExternalIgnoreList {d}/nobody
Nameservers 127.0.0.1
"""

OPENDMARC = """
Syslog false
Socket local:{d}/opendmarc.sock
UMask 000
PidFile {d}/opendmarc.pid
UserID root
AuthservID peer.example.test
TrustedAuthservIDs peer.example.test
IgnoreHosts {d}/nobody
RejectFailures true
PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat
"""

SPF = """
debugLevel = -1
HELO_reject = Fail
Mail_From_reject = Fail
Header_Type = AR
Authserv_Id = peer.example.test
skip_addresses = 192.0.2.1/32
"""

POSTFIX = """
smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service unix:private/policyd-spf
policyd-spf_time_limit = 3600
smtpd_milters = unix:{d}/opendkim.sock, unix:{d}/opendmarc.sock
milter_default_action = tempfail
"""

MASTER = "policyd-spf unix - n n - 0 spawn user=nobody argv=/usr/bin/policyd-spf {d}/policyd-spf.conf"


class JudgingPeers(Peers):
    """All five in one folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._milters: list[subprocess.Popen[bytes]] = []

    def start(self) -> Target:
        """The milters first."""
        folder = self._folder
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        (folder / "nobody").write_text("192.0.2.1\n")
        (folder / "policyd-spf.conf").write_text(SPF)
        for name, text in (("opendkim", OPENDKIM), ("opendmarc", OPENDMARC)):
            config = folder / f"{name}.conf"
            config.write_text(text.format(d=folder))
            words = [f"/usr/sbin/{name}", "-f", "-x" if name == "opendkim" else "-c", str(config)]
            self._milters.append(subprocess.Popen(words))
        target = super().start()
        return Target("Postfix, policyd-spf, opendkim, opendmarc, Dovecot", target.smtp, target.imap, target.pids)

    def main_cf(self) -> str:
        """With its checks."""
        lines = [line for line in super().main_cf().splitlines() if "smtpd_recipient_restrictions" not in line]
        return "\n".join(lines) + POSTFIX.format(d=self._folder)

    def services(self) -> list[str]:
        """And the one that spawns."""
        return [*super().services(), MASTER.format(d=self._folder)]

    def stop(self) -> None:
        """All of them."""
        super().stop()
        for milter in self._milters:
            milter.terminate()
            milter.wait(10)

    def versions(self) -> str:
        """For the table's heading."""
        found = [super().versions()]
        for package in ("postfix-policyd-spf-python", "opendkim", "opendmarc"):
            words = ["dpkg-query", "-W", "-f=${Version}", package]
            found.append(f"{package} {subprocess.run(words, capture_output=True, text=True, check=True).stdout}")
        assert shutil.which("policyd-spf")
        return ", ".join(found)
