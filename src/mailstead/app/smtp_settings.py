"""What the configuration says of SMTP sessions and of submission."""

import ssl
from collections.abc import Callable

from mailstead.app.config import Config
from mailstead.servers.smtp.profile import Limits, Profile, submission
from mailstead.services.submission.submit import SubmissionRules


def limits_of(config: Config, max_recipients: int) -> Limits:
    """Those of all SMTP listeners but for the recipients, of which our own people may name more."""
    return Limits(
        max_recipients=max_recipients,
        max_transactions=config.smtp.max_transactions,
        max_errors=config.smtp.max_errors,
        max_recipient_misses=config.smtp.max_recipient_misses,
        command_timeout=config.smtp.command_timeout.total_seconds(),
        data_timeout=config.smtp.data_timeout.total_seconds(),
        session_timeout=config.smtp.session_timeout.total_seconds(),
        login_tries=config.submission.login_tries,
        max_hold=round(config.submission.future_release.total_seconds()),
        min_deliver_by=round(config.submission.min_deliver_by.total_seconds()),
    )


def submission_profile(config: Config, tls: Callable[[], ssl.SSLContext]) -> Profile:
    """The listener of our own people; `tls` is the context that asks for their certificates."""
    return submission(
        config.smtp_hostname,
        tls=tls,
        limits=limits_of(config, config.submission.max_recipients),
        smtputf8=config.smtp.smtputf8,
        default_domain=config.server.domain,
    )


def rules_of(config: Config) -> SubmissionRules:
    """What submission itself has to know."""
    return SubmissionRules(max_message_size=config.smtp.max_message_size, hide_client=config.submission.hide_client_ip)
