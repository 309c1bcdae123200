"""Stored renditions, byte by byte."""

from mailstead.ground.formats.addresslist import Mailbox
from mailstead.ground.formats.envelope import Envelope
from mailstead.ground.formats.part import Part
from mailstead.ground.wire.imap.render import render_bodystructure, render_envelope

ANN = Mailbox(b"Ann", None, b"ann", b"x.test")
FROM = (ANN,)


def test_an_empty_envelope() -> None:
    assert render_envelope(Envelope()) == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


def test_an_envelope() -> None:
    envelope = Envelope(
        date=b"Wed, 17 Jul 1996 02:23:25 -0700",
        subject=b'Re: "x"',
        from_=FROM,
        sender=FROM,
        reply_to=(Mailbox(None, None, b"list", b"x.test"),),
        to=(Mailbox(None, None, b"friends", None), ANN, Mailbox()),
        cc=(Mailbox("ü".encode(), b"@a,@b", b"c", b"d"), ANN),
        in_reply_to=b"",
        message_id=b"<1@x.test>",
    )
    ann = b'("Ann" NIL "ann" "x.test")'
    assert render_envelope(envelope) == b"".join((
        b'("Wed, 17 Jul 1996 02:23:25 -0700" "Re: \\"x\\"" (' + ann + b") (" + ann + b') ((NIL NIL "list" "x.test")) ',
        b'((NIL NIL "friends" NIL)' + ann + b"(NIL NIL NIL NIL)) ",
        b'(({2}\r\n\xc3\xbc "@a,@b" "c" "d")' + ann + b') NIL "" "<1@x.test>")',
    ))  # fmt: skip


TEXT = Part("1", b"text", b"plain", params=((b"charset", b"utf-8"),), size=1152, lines=23)


def test_text() -> None:
    short = b'("text" "plain" ("charset" "utf-8") NIL NIL "7BIT" 1152 23'
    assert render_bodystructure(TEXT, extended=False) == short + b")"
    assert render_bodystructure(TEXT, extended=True) == short + b" NIL NIL NIL NIL)"


def test_a_leaf_with_everything() -> None:
    part = Part(
        "2", b"application", b"pdf", id=b"<i>", description=b"d", encoding=b"BASE64", size=4, lines=1, md5=b"m",
        disposition=(b"attachment", ((b"filename", b'a "b".pdf'),)), language=(b"en", b"de"), location=b"http://x",
    )  # fmt: skip
    short = b'("application" "pdf" NIL "<i>" "d" "BASE64" 4'
    assert render_bodystructure(part, extended=False) == short + b")"
    assert render_bodystructure(part, extended=True) == (
        short + b' "m" ("attachment" ("filename" "a \\"b\\".pdf")) ("en" "de") "http://x")'
    )


def test_a_multipart() -> None:
    image = Part("2", b"image", b"png", encoding=b"base64", size=10)
    part = Part(
        "", b"multipart", b"mixed", params=((b"boundary", b"x"),), children=(TEXT, image), disposition=(b"inline", ())
    )
    assert render_bodystructure(part, extended=False) == (
        b"(" + render_bodystructure(TEXT, extended=False) + b'("image" "png" NIL NIL NIL "base64" 10) "mixed")'
    )
    assert render_bodystructure(part, extended=True) == (
        b"(" + render_bodystructure(TEXT, extended=True) + b'("image" "png" NIL NIL NIL "base64" 10 NIL NIL NIL NIL) '
        b'"mixed" ("boundary" "x") ("inline" NIL) NIL NIL)'
    )


def test_a_message_in_a_message() -> None:
    inner = Envelope(subject=b"s")
    part = Part("1", b"message", b"rfc822", size=99, lines=7, envelope=inner, children=(TEXT,))
    for extended in (False, True):
        rendered = render_bodystructure(part, extended=extended)
        assert rendered.startswith(
            b'("message" "rfc822" NIL NIL NIL "7BIT" 99 '
            + render_envelope(inner)
            + b" "
            + render_bodystructure(TEXT, extended=extended)
            + b" 7"
        )
        assert rendered.endswith(b" NIL NIL NIL NIL)" if extended else b" 7)")


def test_continuations_are_joined() -> None:
    """RFC 9051 §7.5.2: parameters of the type and of the disposition."""
    part = Part(
        "1", b"image", b"png", params=((b"name*0", b"a"), (b"name*1", b"b")), size=1,
        disposition=(b"attachment", ((b"filename*0*", b"iso-8859-1''%e4"), (b"filename*1", b".png"))),
    )  # fmt: skip
    assert render_bodystructure(part, extended=True) == (
        b'("image" "png" ("name" "ab") NIL NIL "7BIT" 1 NIL ("attachment" ("filename*" "utf-8\'\'%C3%A4.png")) NIL NIL)'
    )
