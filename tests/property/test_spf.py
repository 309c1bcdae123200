"""SPF: whatever records say, an evaluation ends within its limits and never raises."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.spf.evaluate import NAMES_MAX, TERMS_MAX, Sender, evaluate
from mailstead.ground.model.question import Found, Kind, Question
from tests.support.spf import drive

QUESTIONS_MAX = 1 + TERMS_MAX * (2 + NAMES_MAX) + 1 + NAMES_MAX + 1

macros = st.sampled_from(
    ["%{i}", "%{s}", "%{l1r-}", "%{d2}", "%{p}", "%{v}", "%{h}", "%{O}", "%%", "%_", "%-", "%{x}", "%{d0}", "%"]
)
names = st.lists(st.one_of(macros, st.sampled_from(["a.test", ".b.test", "x", ".", "a" * 70])), max_size=4).map("".join)
cidrs = st.sampled_from(["", "/24", "//64", "/0//0", "/33", "/", "/01"])
mechanisms = st.one_of(
    st.builds(
        "{}{}:{}{}".format,
        st.sampled_from(["", "-", "~", "?", "+", "!"]),
        st.sampled_from(["include", "a", "mx", "ptr", "exists", "ip4", "ip6", "all", "new"]),
        st.one_of(names, st.sampled_from(["192.0.2.0", "2001:db8::", "1.2.3", "::1%eth0"])),
        cidrs,
    ),
    st.sampled_from(["-all", "a", "mx", "ptr", "~all", "a/24", "mx//64"]),
    st.builds("{}={}".format, st.sampled_from(["redirect", "exp", "moo", "a"]), names),
)
records = st.one_of(
    st.lists(mechanisms, max_size=15).map(lambda terms: " ".join(["v=spf1", *terms])),
    st.text(max_size=50),
    st.text(max_size=50).map("v=spf1 {}".format),
)
answers = st.one_of(
    st.none(),
    st.just(Found(exists=False)),
    st.lists(records, max_size=2).map(lambda texts: Found(tuple(texts))),
)
addresses = st.lists(st.sampled_from(["192.0.2.1", "2001:db8::1", "junk"]), max_size=12)
hosts = st.lists(st.sampled_from(["a.test", "b.test.", ".", "", "x" * 300]), max_size=12)


@given(
    st.data(),
    st.sampled_from(["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"]),
    st.one_of(st.sampled_from(["a.test", "test", "", "[192.0.2.1]"]), st.text(max_size=20)),
    st.text(max_size=10),
)
def test_it_ends(data: st.DataObject, ip: str, domain: str, local: str) -> None:
    asked = 0

    def answer(question: Question) -> Found | None:
        nonlocal asked
        asked += 1
        if question.kind is Kind.TXT:
            return data.draw(answers)
        drawn = data.draw(st.one_of(st.none(), addresses if question.kind in (Kind.A, Kind.AAAA) else hosts))
        return None if drawn is None else Found(tuple(drawn))

    sender = Sender(ip=ip_address(ip), domain=domain, local=local, helo=domain)
    evaluation = drive(evaluate(sender), answer)
    assert asked <= QUESTIONS_MAX
    assert len(evaluation.explanation) <= 4096
