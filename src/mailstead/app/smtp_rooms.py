"""The rooms where SMTP is spoken: for other servers, for a server of ours (LMTP), and for our own people."""

import ssl
from collections.abc import Callable

from mailstead.app.blocking import BlockingRooms
from mailstead.app.checks import checks_of
from mailstead.app.config import Config
from mailstead.app.filters import Filters
from mailstead.app.hooking import HookRooms
from mailstead.app.milling import round_of
from mailstead.app.own_filter import OwnRooms
from mailstead.app.sending import SendingRooms
from mailstead.app.smtp_settings import limits_of, rules_of, submission_profile
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.servers.smtp.profile import Profile, lmtp, mx
from mailstead.servers.smtp.server import SmtpServer
from mailstead.servers.smtp.taker import Logins
from mailstead.services.accounts.login import Authenticator
from mailstead.services.limits.rates import RateLimits
from mailstead.services.outbound.verification import Verification
from mailstead.services.reception.reception import Reception, ReceptionRules
from mailstead.services.reception.refusals import Refusals
from mailstead.services.reports.feedback import Feedback
from mailstead.services.submission.mailroom import DeliveringMailroom
from mailstead.services.submission.milled import MilledMailroom
from mailstead.services.submission.submit import Submission
from mailstead.store.port import Store

Tls = Callable[[], ssl.SSLContext]


class SmtpRooms:
    """Three servers of one worker. `tls` and `login_tls` give the contexts of the hour."""

    def __init__(  # noqa: PLR0913 - every room that has a part in it
        self,
        config: Config,
        store: Store,
        clock: Clock,
        ids: IdSource,
        *,
        sending: SendingRooms,
        filters: Filters,
        own: OwnRooms,
        authenticator: Authenticator,
        refusals: Refusals,
        blocking: BlockingRooms,
        feedback: Feedback,
        tls: Tls,
        login_tls: Tls,
        hooks: HookRooms,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._ids = ids
        self._tls = tls
        self._login_tls = login_tls
        rules = ReceptionRules(
            max_message_size=config.smtp.max_message_size,
            relay_networks=tuple(config.smtp.relay_networks),
            examines_neighbours=config.smtp.examine_neighbours,
        )
        is_trapped = config.outbound.mode == "trap"  # then nothing leaves, and no question either
        verification = None if is_trapped else Verification(sending.prober, clock)
        takes = (self._store, sending.delivery, rules, refusals, sending.forwarding, verification)
        checks = checks_of(config, sending, clock, hooks.panel_around(own.join(filters.panel)), feedback)
        sending.judging.judges = checks
        milters = round_of(config, config.smtp.milters, store.blobs, clock, daemon_name="smtp")
        reception = Reception(*takes, checks, admission=blocking.admission, steps=hooks.steps, milters=milters)
        self.mx = self._serve(mx, reception)
        self.lmtp = self._serve(lmtp, Reception(*takes))
        self.outboxes = self._make_outboxes(sending, refusals, verification, blocking.limits.rates)
        self.submission = self._people(authenticator)

    def drain(self) -> None:
        """Nobody begins anything new."""
        for room in (self.mx, self.lmtp, self.submission):
            room.drain()

    def _serve(self, make: Callable[..., Profile], reception: Reception) -> SmtpServer:
        config = self._config
        profile = make(
            config.smtp_hostname,
            tls=self._tls,
            limits=limits_of(config, config.smtp.max_recipients),
            smtputf8=config.smtp.smtputf8,
        )
        return SmtpServer(profile, reception, self._clock, self._ids)

    def _make_outboxes(
        self, sending: SendingRooms, refusals: Refusals, verification: Verification | None, rates: RateLimits
    ) -> Submission:
        mailroom = DeliveringMailroom(self._store, sending.delivery, sending.forwarding, sending.guards, verification)
        config = self._config
        milters = round_of(
            config, config.submission.milters, self._store.blobs, self._clock, daemon_name="submission"
        )  # fmt: skip
        milled = MilledMailroom(mailroom, milters, refusals)
        return Submission(
            self._store, self._clock, mailroom, milled, sending.guards, refusals, rules_of(config), rates=rates
        )  # fmt: skip

    def _people(self, authenticator: Authenticator) -> SmtpServer:
        logins = Logins(
            authenticator=authenticator,
            admit=self.outboxes.open,
            max_message_size=self._config.smtp.max_message_size,
        )
        return SmtpServer(submission_profile(self._config, self._login_tls), logins, self._clock, self._ids)
