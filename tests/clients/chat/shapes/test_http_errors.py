"""Refusals: the status decides the kind, the words are the provider's own."""

import gzip
from dataclasses import replace

import pytest

from tests.support.answers import Answer, event, status
from tests.support.shapes import fails, table

KINDS = {
    "bad_request": (400, 405, 409, 410, 411, 413, 415, 418, 421, 422, 424, 426, 431, 451, 498, 499),
    "auth": (401, 403),
    "payment_required": (402,),
    "not_found": (404,),
    "timeout": (408, 504, 524),
    "rate_limited": (429,),
    "server_error": (500, 501, 502, 503, 505, 507, 508, 520, 521, 522, 523, 525, 529, 530, 599),
}
PAGE = "<html><head><title>502 Bad Gateway</title><style>x{}</style></head><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"
BOOM = {"error": {"message": "boom", "type": "t", "code": None}}
LATER = "Wed, 21 Oct 2099 07:28:00 GMT"
GOOGLE = {"error": {"code": 429, "message": "slow", "details": [{"@type": "RetryInfo", "retryDelay": "34.5s"}]}}

SHAPES = {
    "words in any form": fails(
        "bad_request",
        *(
            status(400, body)
            for body in (
                BOOM,
                {"error": "boom"},
                {"message": "boom"},
                {"detail": "boom"},
                {"msg": "boom"},
                {"errors": ["boom"]},
                {"error": {"message": {"error": {"message": "boom"}}}},
                {"error": {"code": 1, "detail": "boom"}},
                {"object": "error", "message": "boom", "type": "BadRequestError", "code": 400},
                {"type": "error", "error": {"type": "invalid_request_error", "message": "boom"}},
                {"error": {"error": "boom"}},
                [{"error": {"code": 400, "message": "boom", "status": "INVALID_ARGUMENT"}}],
                [{"msg": "boom"}],
                {"object": "error", "message": {"detail": [{"msg": "boom"}]}, "type": "invalid_request_error"},
                {"error": {"root_cause": [], "type": "status_exception", "reason": "boom"}, "status": 400},
                {"title": "boom", "status": 400},
                {"reason": "boom"},
                {"error": "invalid_request", "error_description": "boom"},
                "boom",
                b"boom",
                b'"boom"',
                b'\xef\xbb\xbf{"error":{"message":"boom"}}',
                b'data: {"error":{"message":"boom"}}\n\n',
                b'event: error\ndata: {"error":{"message":"boom"}}\n\ndata: [DONE]\n\n',
                b'  {"error":{"message":"boom"}}  ',
            )
        ),
        message="boom",
        status=400,
    ),
    "any framing": fails(
        "server_error",
        *(status(500, BOOM).framed(framing) for framing in ("chunked", "close", "length")),
        message="boom",
    ),
    "a list, in chunks": fails(
        "bad_request", status(422, [{"msg": "boom"}]).framed("chunked"), message="boom", status=422
    ),
    "compressed": fails(
        "rate_limited",
        status(429, gzip.compress(b'{"error":{"message":"boom"}}'), {"content-encoding": "gzip"}),
        message="boom",
    ),
    "cut in the middle": fails(
        "server_error", replace(status(500, "boom, and then"), framing="chunked", ending="cut"), words="boom"
    ),
    "no words": fails(
        "server_error",
        status(500),
        status(500, ""),
        status(500, {}),
        status(500, "null"),
        words="HTTP 500 Internal Server Error",
    ),
    "a status nobody knows": fails("server_error", status(599), words="HTTP 599", status=599),
    "words in a header": fails("server_error", status(500, None, {"x-error-message": "boom"}), message="boom"),
    "a page": fails(
        "server_error", status(502, PAGE), words=("502 Bad Gateway", "nginx"), without=("<", "x{}"), status=502
    ),
    "other JSON": fails("bad_request", status(400, {"foo": "bar"}), words='{"foo":"bar"}'),
    "JSON in the words": fails(
        "bad_request", status(400, {"error": {"message": '{"error":{"message":"inner"}}'}}), words="inner"
    ),
    "where it is wrong": fails(
        "bad_request",
        status(422, {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]}),
        message="body.messages: Field required",
    ),
    "other letters": fails(
        "bad_request",
        status(400, "Ung\xfcltig".encode("latin-1"), {"content-type": "text/plain; charset=iso-8859-1"}),
        words="Ung",
    ),
    "half a megabyte": fails(
        "server_error", status(500, {"error": {"message": "x" * 500_000}}), status(500, b"x" * 5_000_000), words="xxx…"
    ),
    "control characters": fails("bad_request", status(400, {"error": "a\x1b[31m\x00b"}), message="a [31m b"),
    "an error in an event": fails("rate_limited", Answer(pieces=(event(BOOM),), status=429), message="boom"),
    "filtered": fails(
        "content_filter",
        status(400, {"error": {"message": "boom", "code": "content_filter", "innererror": {}}}),
        message="boom",
        status=400,
    ),
    "a failed generation": fails(
        "bad_request",
        status(400, {"error": {"message": "boom", "code": "tool_use_failed", "failed_generation": "<function=f>{}"}}),
        message="boom",
    ),
    "a model that loads": fails(
        "model_loading",
        status(503, {"error": "Model x is currently loading", "estimated_time": 20.0}),
        retry_s=20.0,
        status=503,
    ),
    "a model that loads, without a time": fails(
        "model_loading",
        status(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}),
        retry_s=None,
    ),
    "a model that loads, with a header": fails(
        "model_loading", status(503, {"error": "loading"}, {"retry-after": "3"}), retry_s=3.0
    ),
    "overloaded": fails(
        "server_error",
        status(503, {"error": {"message": "overloaded"}}, {"retry-after": "3"}),
        status(529, BOOM, {"retry-after": "3"}),
        retry_s=3.0,
    ),
    "a wait in seconds": fails(
        "rate_limited",
        status(429, BOOM, {"Retry-After": "7"}),
        status(429, BOOM, {"retry-after": " 7.0 "}),
        retry_s=7.0,
    ),
    "a wait in milliseconds": fails(
        "rate_limited", status(429, BOOM, {"retry-after-ms": "1500", "retry-after": "2"}), retry_s=1.5
    ),
    "a wait until a date": fails(
        "rate_limited",
        status(429, BOOM, {"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        retry_s=30.0,
    ),
    "a wait until long after": fails("rate_limited", status(429, BOOM, {"Retry-After": LATER}), retry_s=7 * 86_400.0),
    "a wait that is over": fails(
        "rate_limited", status(429, BOOM, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), retry_s=0.0
    ),
    "a wait in the body": fails(
        "rate_limited", status(429, GOOGLE), status(429, [GOOGLE]), retry_s=34.5, message="slow"
    ),
    "a wait nobody can read": fails(
        "rate_limited", *(status(429, BOOM, {"Retry-After": wait}) for wait in ("soon", "-1", "inf", "")), retry_s=None
    ),
    "a redirect": fails(
        "not_found",
        status(301, PAGE, {"location": "https://example.com/v1"}),
        status(308, None, {"location": "https://example.com/v1"}),
        words="https://example.com/v1",
    ),
    "a redirect to nowhere": fails("bad_request", status(304), status(300, "boom")),
}
BY_STATUS = [
    pytest.param(kind, code, framing, id=f"{code}, {framing}")
    for kind, codes in KINDS.items()
    for code in codes
    for framing in ("length", "chunked")
]


@table(SHAPES)
async def test_refusals(meet, shape, answer):
    reply = await meet(shape, answer)
    assert len(reply.fault.message) <= 2_100


@pytest.mark.parametrize(("kind", "code", "framing"), BY_STATUS)
async def test_every_status(meet, kind, code, framing):
    answer = status(code, BOOM).framed(framing)
    await meet(fails(kind, answer, message="boom", status=code), answer)
