"""Two sessions on one folder: whatever happens in whatever order, each client's numbers mean what the server means.

The model of a client is the RFC's: EXISTS n says how many there are, EXPUNGE n takes the n-th away (RFC 9051 §7.5.1).
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.ids import AccountId, FolderId, ModSeq
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.servers.imap.view import NoSuchNumber, Numbering
from mailstead.services.folders.view import FolderView

ACCOUNT, FOLDER = AccountId(1), FolderId(2)


class Client:
    """What a mail program keeps: for each number the UID it fetched, or None before it did."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.cache: list[int | None] = [None] * len(numbering)

    def learn(self, view: FolderView, *, may_expunge: bool) -> None:
        news = self.numbering.learn(view.uids, may_expunge=may_expunge)
        assert may_expunge or not news.expunged
        gone = []
        for number in news.expunged:
            gone.append(self.cache.pop(number - 1))
        assert all(uid is None or uid in news.gone for uid in gone)
        if news.exists is not None:
            assert news.exists > len(self.cache), "EXISTS never goes down"
            self.cache += [None] * (news.exists - len(self.cache))

    def fetch(self, first: int, last: int) -> None:
        """FETCH n:m (UID): fills the cache; what is known already must not have moved."""
        uids = list(self.numbering.resolve_numbers(SequenceSet(((first, last),))))
        for number, uid in zip(self.numbering.numbers_of(uids), uids, strict=True):
            assert self.cache[number - 1] in (None, uid)
            self.cache[number - 1] = uid


class TwoSessions(RuleBasedStateMachine):
    """The folder's truth is a list; the shared view follows by changes; the clients by what they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.truth: list[int] = []
        self.uidnext, self.modseq = 1, 0
        self.view = FolderView(
            account_id=ACCOUNT, folder_id=FOLDER, uidvalidity=1, uidnext=1, modseq=ModSeq(0), uids=UidSet()
        )
        self.waiting: list[Change] = []
        self.clients = [Client(Numbering(UidSet())), Client(Numbering(UidSet()))]

    def change(self, kind: ChangeKind, uids: UidSet) -> None:
        self.modseq += 1
        self.waiting.append(Change(ACCOUNT, ModSeq(self.modseq), FOLDER, kind, uids))

    @rule(count=st.integers(1, 5), gap=st.integers(0, 3))
    def append(self, count: int, gap: int) -> None:
        first = self.uidnext + gap
        self.truth += range(first, first + count)
        self.uidnext = first + count
        self.change(ChangeKind.APPENDED, UidSet(((first, first + count - 1),)))

    @rule(data=st.data())
    def expunge(self, data: st.DataObject) -> None:
        if self.truth:
            gone = data.draw(st.sets(st.sampled_from(self.truth), min_size=1))
            self.truth = [uid for uid in self.truth if uid not in gone]
            self.change(ChangeKind.EXPUNGED, UidSet.of(gone))

    @rule(again=st.booleans(), cut=st.integers(0, 4))
    def follow(self, again: bool, cut: int) -> None:
        """The hub reads a delta, in pieces, some of it twice."""
        taken = self.waiting[: cut or None]
        if taken:
            self.view = self.view.after(taken, taken[-1].modseq)
            if again:
                self.view = self.view.after(taken, taken[-1].modseq)
        self.waiting = self.waiting[len(taken) :]
        if not self.waiting:
            assert list(self.view.uids) == self.truth

    @rule(who=st.integers(0, 1), may_expunge=st.booleans())
    def tell(self, who: int, may_expunge: bool) -> None:
        self.clients[who].learn(self.view, may_expunge=may_expunge)

    @rule(who=st.integers(0, 1), data=st.data())
    def fetch(self, who: int, data: st.DataObject) -> None:
        client = self.clients[who]
        if client.cache:
            first = data.draw(st.integers(1, len(client.cache)))
            client.fetch(first, data.draw(st.integers(first, len(client.cache))))

    @rule(who=st.integers(0, 1))
    def beyond(self, who: int) -> None:
        client = self.clients[who]
        try:
            client.numbering.resolve_numbers(SequenceSet(((len(client.cache) + 1, len(client.cache) + 1),)))
        except NoSuchNumber:
            return
        raise AssertionError("a number that is not in use was taken")

    @invariant()
    def numbers_agree(self) -> None:
        for client in self.clients:
            told = list(client.numbering.told)
            assert len(told) == len(client.cache)
            assert all(known in (None, uid) for known, uid in zip(client.cache, told, strict=True))
            assert client.numbering.numbers_of(told) == list(range(1, len(told) + 1))


TestTwoSessions = TwoSessions.TestCase
TestTwoSessions.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
