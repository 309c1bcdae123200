"""Real letters, which are not part of this repository: name a folder of them in CORPUS_FOLDER to run this."""

import email
import os
from email.message import Message
from pathlib import Path
from random import Random

import pytest

from mailstead.ground.formats.fields import select_fields
from mailstead.ground.formats.part import Part
from mailstead.ground.formats.parts import find_part, unpack_parts
from mailstead.ground.formats.summary import Summarizer, summarize
from mailstead.ground.formats.text import read_text

FOLDER = os.environ.get("CORPUS_FOLDER", "")
LETTERS = sorted(path for path in Path(FOLDER).rglob("*") if path.is_file()) if FOLDER else []

pytestmark = [pytest.mark.soak, pytest.mark.skipif(not LETTERS, reason="CORPUS_FOLDER names no folder of letters")]


def walk(part: Part) -> list[Part]:
    return [part, *(inner for child in part.children for inner in walk(child))]


def check_tree(letter: bytes, root: Part) -> None:
    for part in walk(root):
        body = letter[part.body_offset : part.body_offset + part.body_size]
        assert (len(body), body.count(b"\n")) == (part.size, part.lines)
        begin, end = part.body_offset, part.body_offset + part.body_size
        for child in part.children:
            assert begin <= child.header_offset
            begin = child.body_offset + child.body_size
            assert begin <= end


def is_regular(message: Message) -> bool:
    """Nothing that the standard library stumbled over, and nothing where it differs by design."""
    return all(
        not part.defects and part.get("content-transfer-encoding", "7bit").lower() != "x-uuencode"
        for part in message.walk()
    )


def same_tree(message: Message, part: Part, letter: bytes) -> bool:
    payload = message._payload  # type: ignore[attr-defined] # as parsed; get_payload() would decode it
    if part.media.decode("latin-1") != message.get_content_type():
        return False
    if isinstance(payload, list):
        return len(payload) == len(part.children) and all(
            isinstance(inner, Message) and same_tree(inner, child, letter)
            for inner, child in zip(payload, part.children, strict=True)
        )
    body = letter[part.body_offset : part.body_offset + part.body_size]
    return body == payload.encode("ascii", "surrogateescape")


def test_every_letter_has_one_sound_summary() -> None:
    random = Random(1)
    for path in LETTERS:
        letter = path.read_bytes()
        summary = summarize(letter)
        summarizer = Summarizer()
        position = 0
        while position < len(letter):
            step = random.choice((1, 2, 3, 60, 1000, 8000))
            summarizer.feed(letter[position : position + step])
            position += step
        assert summarizer.close() == summary, path
        check_tree(letter, summary.root)
        assert letter.startswith(summary.header)
        assert select_fields(summary.header, b"", frozenset(), exclude=False) in (b"\r\n", b"\n", b"")
        root = unpack_parts(summary.packed_parts)
        for part in walk(summary.root):
            if not part.is_multipart:
                span = find_part(root, tuple(int(number) for number in part.path.split(".")))
                assert span is not None
                assert span.body_offset == part.body_offset
                read_text(letter[span.body_offset : span.body_offset + span.body_size], span).encode()
        for text in (summary.preview, summary.subject_base, summary.message_id):
            text.encode()


def test_regular_letters_have_the_tree_of_the_standard_library() -> None:
    different = []
    regular = 0
    for path in LETTERS:
        letter = path.read_bytes()
        message = email.message_from_bytes(letter)
        if is_regular(message):
            regular += 1
            if not same_tree(message, summarize(letter).root, letter):
                different.append(path.name)
    assert regular > len(LETTERS) / 2
    assert len(different) <= regular / 100, different
