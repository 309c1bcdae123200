"""The guards that a configuration makes."""

from datetime import timedelta
from typing import Any

from mailstead.app.config import Config
from mailstead.app.config_env import read_environment
from mailstead.app.config_keys import build
from mailstead.app.config_kinds import Rates
from mailstead.app.config_sending import GuardsConfig
from mailstead.app.sending_guards import gate_of, observer_of
from mailstead.ground.model.guards import Scope
from tests.support.fake_clock import FakeClock


def test_names_of_other_servers() -> None:
    settings, problems = read_environment({
        "THROTTLE_MAILBOX_OUTBOUND_EXTERNAL_RECIPIENTS": "100/hour",
        "THROTTLE_MAILDOMAIN_OUTBOUND_EXTERNAL_RECIPIENTS": "1000/day",
        "MESSAGES_SPF_CHECK_OUTGOING": "True", "MESSAGES_DKIM_VERIFY_OUTGOING": "True",
    })  # fmt: skip
    assert problems == []
    guards = build({path: setting.value for path, setting in settings.items()}).guards
    assert (guards.account_recipients, guards.domain_recipients) == ("100/hour", "1000/day")
    assert guards.require_spf
    assert guards.require_dkim
    settings, _ = read_environment({"MAIL_DAILY_LIMIT": "50"})
    assert settings["guards.account_recipients"].value == "50/day"


def test_rates_are_read_with_the_configuration() -> None:
    settings, problems = read_environment({"MAILSTEAD_GUARDS_ACCOUNT_RECIPIENTS": "100/day 20/minute"})
    assert settings["guards.account_recipients"].value == Rates("20/minute 100/day")
    _, problems = read_environment({"MAILSTEAD_GUARDS_ACCOUNT_RECIPIENTS": "20/week"})
    assert "is no rate" in str(problems[0])


def test_switches() -> None:
    observer = observer_of(GuardsConfig())
    assert observer.breaker.scopes == {Scope.ACCOUNT, Scope.DOMAIN, Scope.DESTINATION}
    assert observer.suppression.kept == 30 * 86_400_000
    off = GuardsConfig(
        pause_accounts=False, pause_domains=False, suppress=False, suppressed_for=timedelta(days=1), bounce_percent=50
    )
    observer = observer_of(off)
    assert observer.breaker.scopes == {Scope.DESTINATION}
    assert (observer.breaker.bounce_percent, observer.suppression.is_on) == (50, False)


def test_what_is_not_asked_for_is_not_made() -> None:
    parts: list[Any] = [None, FakeClock(), None]
    gate = gate_of(Config(), *parts)
    assert (gate._rates, gate._names) == (None, None)
    gate = gate_of(Config(guards=GuardsConfig(provider_rates="gomailserver", require_spf=True)), *parts)
    assert gate._rates is not None
    assert gate._names is not None
    assert gate_of(Config(guards=GuardsConfig(warm_up=True)), *parts)._rates is not None
