"""What another program asks an agent over HTTP, read strictly: what would be passed over in silence is refused.

The shape is OpenAI's chat completions. An agent's instructions, tools and sampling are its author's: a caller
gives the conversation, the values of variables, and says how the answer is to be sent.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar, assert_never

import msgspec

from core.domain import strict_json
from core.domain.attachment import Upload
from core.domain.canonical import Json
from core.domain.result import Err, Ok, Result

_DATA_URL: Final = re.compile(r"data:image/[a-z+.-]+;base64,(.*)", re.DOTALL)
_SET_BY_AUTHOR: Final = "is decided by the agent's author; leave it out."
_TOOLS: Final = frozenset({"tools", "tool_choice", "functions", "function_call", "parallel_tool_calls"})
_USER_CHARS: Final = 100


class TextPart(msgspec.Struct, frozen=True, tag_field="type", tag="text", forbid_unknown_fields=True):
    text: str


class ImageUrl(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    detail: Literal["auto", "low", "high"] = "auto"


class ImagePart(msgspec.Struct, frozen=True, tag_field="type", tag="image_url", forbid_unknown_fields=True):
    image_url: ImageUrl


Part = TextPart | ImagePart


Words = str | list[TextPart]


class _Said(msgspec.Struct, frozen=True, tag_field="role", forbid_unknown_fields=True):
    pass


class SystemSaid(_Said, frozen=True, tag="system"):
    content: Words


class DeveloperSaid(_Said, frozen=True, tag="developer"):
    content: Words


class UserSaid(_Said, frozen=True, tag="user"):
    content: str | list[Part]


class AssistantSaid(_Said, frozen=True, tag="assistant"):
    content: Words = ""


Said = SystemSaid | DeveloperSaid | UserSaid | AssistantSaid


class StreamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    include_usage: bool = False


class ChatAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/chat/completions`."""

    model: str
    messages: list[Said]
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    n: Literal[1] = 1
    user: str = ""
    variables: dict[str, str] = {}


class RunAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /api/agents/NAME/runs`: one input, or a conversation."""

    input: str = ""
    messages: list[Said] = []
    user: str = ""
    variables: dict[str, str] = {}
    wait_s: float = 0.0
    """How long the caller waits for the result before it is told to look again."""


A = TypeVar("A", ChatAsked, RunAsked)


class Turn(msgspec.Struct, frozen=True):
    """One message, with the images in it."""

    role: Literal["user", "assistant"]
    text: str
    images: tuple[Upload, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, whichever way it came. The last turn is the run's input."""

    turns: tuple[Turn, ...]
    instructions: str = ""
    """What the caller adds to the agent's own."""
    user: str = ""
    variables: dict[str, str] = {}


def read_chat(body: bytes) -> Result[tuple[ChatAsked, Question]]:
    asked = _read(body, ChatAsked)
    if isinstance(asked, Err):
        return asked
    question = _question(asked.value.messages, asked.value)
    return question if isinstance(question, Err) else Ok((asked.value, question.value))


def read_run(body: bytes) -> Result[tuple[RunAsked, Question]]:
    read = _read(body, RunAsked)
    if isinstance(read, Err):
        return read
    asked = read.value
    if bool(asked.input) == bool(asked.messages):
        return Err("invalid", "Give either `input`, one message, or `messages`, a conversation.", "input")
    question = _question(asked.messages or [UserSaid(content=asked.input)], asked)
    return question if isinstance(question, Err) else Ok((asked, question.value))


def _read(body: bytes, into: type[A]) -> Result[A]:
    try:
        given = strict_json.read(body.decode())
    except (strict_json.NotJsonError, UnicodeDecodeError) as error:
        return Err("invalid", f"The body is not JSON: {error}.")
    if not isinstance(given, dict):
        return Err("invalid", "The body has to be a JSON object.")
    given = _told(given)
    if refused := _refusal(given, into.__struct_fields__):
        return refused
    try:
        return Ok(msgspec.convert(given, into))
    except msgspec.ValidationError as error:
        return Err("invalid", f"{error}.", _place(str(error)))


def _told(given: Mapping[str, Json]) -> dict[str, Any]:
    """Without what says nothing: clients send null for whatever nobody set."""
    told = {name: value for name, value in given.items() if value is not None and value != []}
    if isinstance(given.get("messages"), list):
        told["messages"] = [_told(one) if isinstance(one, dict) else one for one in given["messages"]]
    return told


def _refusal(given: Mapping[str, Json], known: Sequence[str]) -> Err | None:
    if own := next((name for name in given if name in _TOOLS), None):
        return Err("refused", f"`{own}`: the agent has tools of its own and takes none from its callers.", own)
    if other := next((name for name in given if name not in known), None):
        return Err("refused", f"`{other}` {_SET_BY_AUTHOR}", other)
    messages = given.get("messages")
    for place, message in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(message, dict) and (message.get("role") in {"tool", "function"} or message.get("tool_calls")):
            why = "the calls of an agent's tools are its own; a conversation is what was said."
            return Err("refused", f"`messages[{place}]`: {why}", f"messages[{place}]")
    return None


def _place(problem: str) -> str:
    """Where in the body msgspec found it, as its message ends."""
    return problem.partition("`$.")[2].rstrip("`")


def _question(messages: Sequence[Said], asked: ChatAsked | RunAsked) -> Result[Question]:
    if len(asked.user) > _USER_CHARS or not asked.user.isprintable():
        return Err("invalid", f"`user` has at most {_USER_CHARS} characters, all of them printable.", "user")
    opening = next((place for place, one in enumerate(messages) if not _instructs(one)), len(messages))
    turns = list[Turn]()
    for place, message in enumerate(messages[opening:], opening):
        turn = _turn(message, place)
        if isinstance(turn, Err):
            return turn
        turns.append(turn.value)
    if not turns or turns[-1].role != "user":
        return Err("invalid", "The last message has to be the user's: it is what the agent answers.", "messages")
    instructions = "\n\n".join(_text(one.content) for one in messages[:opening])
    return Ok(Question(turns=tuple(turns), instructions=instructions, user=asked.user, variables=asked.variables))


def _instructs(message: Said) -> bool:
    return isinstance(message, SystemSaid | DeveloperSaid)


def _turn(message: Said, place: int) -> Result[Turn]:
    match message:
        case SystemSaid() | DeveloperSaid():
            return Err("invalid", f"`messages[{place}]`: instructions stand before the conversation.", "messages")
        case AssistantSaid(content=content):
            return Ok(Turn("assistant", _text(content)))
        case UserSaid(content=content):
            try:
                return Ok(Turn("user", _text(content), tuple(_images(content))))
            except ValueError as error:
                return Err("invalid", f"`messages[{place}]`: {error}", f"messages[{place}]")
        case _:
            assert_never(message)


def _text(content: str | Sequence[Part]) -> str:
    if isinstance(content, str):
        return content
    return "\n\n".join(part.text for part in content if isinstance(part, TextPart))


def _images(content: str | Iterable[Part]) -> Iterator[Upload]:
    """Raises `ValueError` with a sentence where an image is not in the message itself."""
    urls = [part.image_url.url for part in content if isinstance(part, ImagePart)]
    for number, url in enumerate(urls, 1):
        if (found := _DATA_URL.fullmatch(url)) is None:
            raise ValueError("an image has to be in the message itself, as data:image/png;base64,…")
        try:
            yield Upload(f"image-{number}", b64decode(found[1], validate=True))
        except binascii.Error:
            raise ValueError("the base64 of an image is broken.") from None
