"""Texts about the placements a set of UIDs names: a range if it is one run, a list of what lies in its runs else."""

import json
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.uidset import UidSet
from mailstead.store.sql.session import Session

ONE_RUN: Final = "folder_id = :folder AND uid BETWEEN :first AND :last"

MANY_RUNS: Final = "folder_id = :folder AND uid {in_runs}"


@dataclass(frozen=True, slots=True)
class UidText:
    """Both forms of one text."""

    one: str
    many: str

    @classmethod
    def of(cls, text: str) -> "UidText":
        """`text` has {uids} where its condition belongs."""
        return cls(text.replace("{uids}", ONE_RUN), text.replace("{uids}", MANY_RUNS))

    def pick(self, session: Session, uids: UidSet) -> str:
        """The form for this set; it goes with `uid_params`."""
        return self.one if len(uids.runs) == 1 else session.dialect.fill(self.many)


def uid_params(folder: FolderId, uids: UidSet) -> dict[str, object]:
    """Parameters for `UidText.pick`; the set is not empty."""
    if len(uids.runs) == 1:
        first, last = uids.runs[0]
        return {"folder": folder, "first": first, "last": last}
    return {"folder": folder, "runs": json.dumps(uids.runs)}
