"""What a request says, checked against the row of its endpoint: limits first, then the schema."""

import hashlib
import re
from typing import Any, Final

import msgspec
from aiohttp import web

from mailstead.ground.model.errors import Invalid, TooLarge
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.endpoint import Endpoint

BODY_MAX: Final = 64 * 1024
_KEY: Final = re.compile(r"[!-~]{1,255}")
JSON: Final = "application/json"


def read_query(endpoint: Endpoint, request: web.Request) -> Any:
    """The parameters after `?`; Invalid."""
    values: dict[str, str] = {}
    for name, value in request.query.items():
        if name in values:
            raise Invalid(f"the parameter {name[:100]} is given twice")
        values[name] = value
    try:
        return msgspec.convert(values, endpoint.query, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise Invalid(f"the parameters are not as expected: {error}") from error


async def read_octets(request: web.Request) -> bytes:
    """The body; TooLarge, Refused. A compressed one is refused before a byte of it is looked at: it may be a bomb."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, "unsupported media type", "a body is not compressed", "send it as it is")
    if (request.content_length or 0) > BODY_MAX:
        raise TooLarge(f"a body has at most {BODY_MAX} bytes")
    body = b""
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > BODY_MAX:
            raise TooLarge(f"a body has at most {BODY_MAX} bytes")
    return body


def read_body(endpoint: Endpoint, request: web.Request, octets: bytes) -> Any:
    """The JSON object of a body; Invalid, Refused. A form of another site cannot send that type without asking us."""
    if endpoint.body is None:
        if octets.strip():
            raise Invalid("this call takes no body")
        return None
    if octets and request.content_type != JSON:
        raise Refused(415, "unsupported media type", f"a body is {JSON}", f"send Content-Type: {JSON}")
    try:
        return msgspec.json.decode(octets or b"{}", type=endpoint.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is not as expected: {error}") from error


def read_key(endpoint: Endpoint, request: web.Request) -> str:
    """The Idempotency-Key, "" if there is none or the endpoint keeps none; Invalid."""
    key = request.headers.get("Idempotency-Key") if endpoint.has_key else None
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        raise Invalid("an Idempotency-Key has 1 to 255 printable ASCII characters without blanks")
    return key


def digest_of(request: web.Request, octets: bytes) -> str:
    """Of all that makes it this request and no other."""
    head = f"{request.method} {request.raw_path}\n".encode("utf-8", "surrogatepass")
    return hashlib.sha256(head + octets).hexdigest()
