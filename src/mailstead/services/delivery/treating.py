"""From the judgement of a letter to how it is filed for one recipient."""

from mailstead.ground.model.envelope import Recipient
from mailstead.ground.model.policy import Action
from mailstead.services.checks.checks import fields_of
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import Judgement
from mailstead.services.delivery.plan import Treatment


def treat(judgement: Judgement, evidence: Evidence, recipient: Recipient) -> Treatment:
    """What the recipient gets to see of it, and the trace."""
    facts = {**evidence.facts(str(recipient.address)), **judgement.facts()}
    is_aside = judgement.action is Action.QUARANTINE
    return Treatment(fields_of(judgement), is_aside, facts, judgement.marks, judgement.custody)
