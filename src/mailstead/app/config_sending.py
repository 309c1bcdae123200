"""The keys of sending: submission, outbound, queue, guards."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from mailstead.app.config_kinds import Doc, IpAddress, Milter, Port, Rates, Secret, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionConfig:
    """Mail from our own people, who log in, and always under TLS. Its ports and other limits are those of `smtp`."""

    listen: Annotated[
        tuple[IpAddress, ...], Doc("Addresses of the submission ports; those of the SMTP ports if empty.")
    ] = ()
    milters: Annotated[
        tuple[Milter, ...],
        Doc("Milters asked in this order about letters of our own people, as smtp.milters has them."),
    ] = ()
    max_recipients: Annotated[int, Doc("Recipients of one transaction."), Within(1, 10_000)] = 1000
    login_tries: Annotated[int, Doc("Failed logins after which a session is ended."), Within(1, 100)] = 5
    hide_client_ip: Annotated[
        bool, Doc("Do not write into letters from which address, and under which name, their authors sent them.")
    ] = True
    future_release: Annotated[
        timedelta, Doc("How long a letter may be held back on its author's wish (RFC 4865)."), Within(0, 31_536_000)
    ] = timedelta(days=30)
    min_deliver_by: Annotated[
        timedelta, Doc("The shortest time in which delivery is promised or the letter returned (RFC 2852)."),
        Within(1, 86_400),
    ] = timedelta(minutes=1)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundConfig:
    """Mail to other servers. Routes of single domains are kept in the store (`mailstead route`)."""

    mode: Annotated[
        Literal["direct", "relay", "trap"],
        Doc(
            "Deliver to the hosts that the DNS names (MX), hand everything to a relay, or hold it all: nothing leaves."
        ),
    ] = "direct"
    port: Annotated[Port, Doc("Port of other mail servers, in direct mode.")] = Port(25)
    proxies: Annotated[
        tuple[Secret, ...],
        Doc("SOCKS5 proxies, socks5://user:password@host:port: each connection takes one at random."),
    ] = ()
    relay_host: Annotated[str, Doc("The relay: host or host:port (587 if not said, 465 speaks TLS first).")] = ""
    relay_username: Annotated[str, Doc("Login at the relay.")] = ""
    relay_password: Annotated[Secret, Doc("Its password.")] = Secret("")
    tls: Annotated[
        Literal["none", "may", "secure"],
        Doc("TLS towards others: never, if they offer it, or only with a certificate that CAs vouch for."),
    ] = "may"
    dane: Annotated[bool, Doc("Honour TLSA records (RFC 7672), if the resolver validates DNSSEC.")] = True
    mta_sts: Annotated[bool, Doc("Honour MTA-STS policies (RFC 8461).")] = True
    ca_file: Annotated[Path | None, Doc("CAs (PEM) beside those of the system, for the certificates of others.")] = None
    resolvers: Annotated[
        tuple[IpAddress, ...],
        Doc("Name servers; those of /etc/resolv.conf if empty. DANE asks for one on this machine."),
    ] = ()
    resolver_port: Annotated[Port, Doc("Port of these name servers.")] = Port(53)
    bind_ipv4: Annotated[IpAddress | None, Doc("Address that IPv4 connections leave from.")] = None
    bind_ipv6: Annotated[IpAddress | None, Doc("Address that IPv6 connections leave from.")] = None
    connect_timeout: Annotated[timedelta, Doc("Wait for one address to answer."), Within(1, 300)] = timedelta(
        seconds=30
    )
    max_connections: Annotated[int, Doc("Connections to all others at once, of each worker."), Within(1, 10_000)] = 200
    max_per_destination: Annotated[
        int, Doc("Connections to one destination at once, of each worker; fewer if it bears fewer."), Within(1, 1000)
    ] = 20
    max_recipients: Annotated[int, Doc("Recipients of one transaction."), Within(1, 1000)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """What waits to leave."""

    schedule: Annotated[
        str,
        Doc(
            "Pauses between tries: the profile mailstead, messages, gomailserver or elemta, or a list like "
            "'5m 15m 30m 1h'; the last one goes on until the end of the letter's life."
        ),
    ] = "mailstead"
    jitter: Annotated[int, Doc("Percent by which a pause is made longer or shorter at random."), Within(0, 50)] = 10
    life: Annotated[
        timedelta, Doc("After it a letter that could not be delivered is returned."), Within(60, 2_592_000)
    ] = timedelta(days=5)
    notice_life: Annotated[timedelta, Doc("The same for notices, which nobody waits for."), Within(60, 2_592_000)] = (
        timedelta(days=2)
    )
    warn_after: Annotated[
        timedelta, Doc("After it the sender is told that a letter takes long; 0: never."), Within(0, 2_592_000)
    ] = timedelta(hours=4)
    lease: Annotated[
        timedelta,
        Doc("A worker that was not heard of for so long is taken for dead, and others try what it was sending."),
        Within(5, 3600),
    ] = timedelta(minutes=5)
    judge_every: Annotated[
        timedelta,
        Doc("Pause between tries to have a letter judged that was taken while a filter was silent."),
        Within(1, 86_400),
    ] = timedelta(minutes=5)
    judge_for: Annotated[
        timedelta, Doc("After it such a letter is delivered all the same, and says so."), Within(0, 604_800)
    ] = timedelta(hours=48)
    failed_kept: Annotated[
        timedelta, Doc("How long failed letters can be tried again by hand."), Within(0, 31_536_000)
    ] = timedelta(days=7)
    history: Annotated[timedelta, Doc("How long the story of a settled letter is kept."), Within(0, 315_360_000)] = (
        timedelta(days=30)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardsConfig:
    """What keeps others from holding our sending against us. Limits of single accounts and domains are kept in the
    store (`mailstead guards limit`)."""

    account_recipients: Annotated[
        Rates, Doc("Recipients on other servers that an account may write to, like '20/minute 500/day'.")
    ] = Rates("")
    account_new_recipients: Annotated[Rates, Doc("Of these, the ones that it never wrote to before.")] = Rates("")
    domain_recipients: Annotated[Rates, Doc("The same for all accounts of a domain together.")] = Rates("")
    domain_new_recipients: Annotated[Rates, Doc("Of these, the ones their account never wrote to before.")] = Rates("")
    provider_rates: Annotated[
        Literal["off", "gomailserver"],
        Doc(
            "How fast the large providers are written to: gomailserver is Gmail 500/hour 10000/day, Outlook 300/hour "
            "7500/day, Yahoo 200/hour 5000/day, any other destination 1000/hour 20000/day. The rest waits."
        ),
    ] = "off"
    warm_up: Annotated[
        bool, Doc("For the first 14 days after it is set, write to 100 recipients a day, then more, up to 80000.")
    ] = False
    pause_accounts: Annotated[bool, Doc("Pause accounts that bounce or annoy too much.")] = True
    pause_domains: Annotated[bool, Doc("Pause domains of ours for the same.")] = True
    pause_destinations: Annotated[bool, Doc("Pause destinations that refuse too much, or block us.")] = True
    bounce_percent: Annotated[
        int, Doc("More bounces than that in an hour pause for 1, then 2, 4, 8 hours."), Within(1, 100)
    ] = 10
    bounce_least: Annotated[int, Doc("Recipients tried before that says anything."), Within(1, 1_000_000)] = 20
    suppress: Annotated[bool, Doc("Write no longer to recipients that do not exist, once they bounced.")] = True
    suppressed_for: Annotated[timedelta, Doc("How long; a second bounce begins it anew."), Within(60, 315_360_000)] = (
        timedelta(days=30)
    )
    require_spf: Annotated[
        bool, Doc("A domain sends only while its SPF record lets this server send; its letters wait until then.")
    ] = False
    require_dkim: Annotated[bool, Doc("The same for the records of its DKIM keys.")] = False
