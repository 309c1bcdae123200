"""Changes that others make to the header of a letter: fields added, exchanged, taken out."""

from mailstead.ground.formats.headers import each_field

Field = tuple[bytes, bytes]
"""Its name, and what stands behind the colon without the end of the last line; without a name: a line that is none."""


def split_header(header: bytes) -> list[Field]:
    """In order; the empty line at the end is left out."""
    fields = [(name, value.rstrip(b"\r\n")) for name, value in each_field(header)]
    return [field for field in fields if field != (b"", b"")]


def join_header(fields: list[Field]) -> bytes:
    """As a letter has it, without the empty line."""
    return b"".join((name + b":" if name else b"") + value + b"\r\n" for name, value in fields)


def change_field(fields: list[Field], name: bytes, index: int, value: bytes | None) -> list[Field]:
    """The n-th of that name, from 1, with another value or (None) without it; one that is not there is put last."""
    seen = 0
    for place, (other, _) in enumerate(fields):
        if other.lower() == name.lower():
            seen += 1
            if seen == max(index, 1):
                new = [] if value is None else [(other, value)]
                return [*fields[:place], *new, *fields[place + 1 :]]
    return fields if value is None else [*fields, (name, value)]
