"""Keeps credentials out of what comes back: some servers quote the headers they were sent."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

import msgspec

from core.clients.chat import lenient
from core.domain.canonical import Json
from core.domain.event import Exchange
from core.domain.message import ToolCall
from core.domain.model_call import Delta, Reply
from core.domain.model_info import ModelInfo
from core.domain.secrecy import in_texts, spellings
from core.errors import Fault

HIDDEN: Final = "[key]"
_NOTE: Final = f"The server sent the key of this endpoint back; {HIDDEN} stands in its place."
_SHORTEST: Final = 4
_SURELY: Final = 8
"""So many letters are a secret; fewer are a word, such as the `none` or `ollama` that some servers ask for."""
_GLANCE: Final = 6
"""So many characters tell most texts from the beginning of a key."""
_CUT: Final = "…"
_NOTHING: Final = Delta()


class Veil:
    """Hides secrets in texts, in every spelling."""

    __slots__ = ("_forms", "_longest", "_shortest", "_starts")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if _is_secret(secret) for form in spellings(secret)}
        self._forms = sorted(forms, key=len, reverse=True)
        self._longest = max(map(len, forms), default=0)
        self._shortest = min(map(len, forms), default=0)
        self._starts = frozenset(form[:size] for form in forms for size in range(1, _GLANCE + 1))

    def __bool__(self) -> bool:
        return bool(self._forms)

    def text(self, text: str) -> str:
        """A whole text. Of a secret that its end cuts off, a half counts as one too."""
        whole = text.removesuffix(_CUT)
        shown, begun = self.parted(whole)
        return shown + self.rest(begun) + text[len(whole) :]

    def _known(self, text: str) -> str:
        """The text without the secrets that stand in it whole."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN)
        return text

    def parted(self, text: str) -> tuple[str, str]:
        """What of a text may be shown by now, and what may be the beginning of a secret."""
        known = self._known(text) if len(text) >= self._shortest else text
        kept = len(known) - self._begun(known)
        return known[:kept], known[kept:]

    def _begun(self, text: str) -> int:
        tail = text[-self._longest :]
        for place in range(len(tail)):
            if tail[place : place + _GLANCE] in self._starts and any(
                form.startswith(tail[place:]) for form in self._forms
            ):
                return len(tail) - place
        return 0

    def rest(self, begun: str) -> str:
        """What may be shown of the beginning of a secret after which nothing came."""
        if len(begun) < _SURELY or not any(
            form.startswith(begun) and 2 * len(begun) >= len(form) for form in self._forms
        ):
            return begun
        return HIDDEN

    def reply(self, reply: Reply) -> Reply:
        """The answer without the secrets, wherever in it a server put them, and a note where it did."""
        if not self._forms:
            return reply
        hidden = msgspec.structs.replace(
            reply,
            text=self.text(reply.text),
            reasoning=self.text(reply.reasoning),
            calls=tuple(map(self._call, reply.calls)),
            finish_reason=self.text(reply.finish_reason),
            notes=tuple(map(self.text, reply.notes)),
            exchange=self._exchange(reply.exchange),
            fault=reply.fault and self.fault(reply.fault),
        )
        return reply if hidden == reply else msgspec.structs.replace(hidden, notes=(*hidden.notes, _NOTE))

    def fault(self, fault: Fault) -> Fault:
        return msgspec.structs.replace(fault, message=self.text(fault.message))

    def model(self, model: ModelInfo) -> ModelInfo:
        providers = (msgspec.structs.replace(one, name=self.text(one.name)) for one in model.providers)
        return msgspec.structs.replace(model, name=self.text(model.name), providers=tuple(providers))

    def _call(self, call: ToolCall) -> ToolCall:
        return msgspec.structs.replace(
            call,
            id=self.text(call.id).replace(HIDDEN, "key"),  # no brackets: it goes out again, where they are not legal
            name=self.text(call.name),
            arguments=self._arguments(call.arguments),
            extra=in_texts(call.extra, self.text),
        )

    def _arguments(self, raw: str) -> str:
        hidden = self.text(raw)
        if "\\" not in hidden:
            return hidden
        try:  # escapes may stand for any letter
            value: Json = lenient.parse(hidden.encode())
        except ValueError:
            return hidden
        veiled = in_texts(value, self.text)
        return hidden if veiled == value else lenient.write(veiled)

    def _exchange(self, exchange: Exchange) -> Exchange:
        return msgspec.structs.replace(
            exchange,
            request_id=self.text(exchange.request_id),
            provider=self.text(exchange.provider),
            model=self.text(exchange.model),
        )


@lru_cache(maxsize=64)
def veil_over(secrets: tuple[str, ...]) -> Veil:
    """The veil over these: making one costs more than a request of many tokens spends on wearing it."""
    return Veil(secrets)


class VeiledStream:
    """Passes pieces of an answer on. What may be the beginning of a secret waits for the next piece."""

    def __init__(self, on_delta: Callable[[Delta], None]) -> None:
        self._on_delta = on_delta
        self._veil = Veil()
        self._text = self._reasoning = ""
        """Held back."""

    def hide(self, secrets: tuple[str, ...]) -> Veil:
        """From now on these are hidden; the veil for the whole answer."""
        self._veil = veil_over(secrets)
        return self._veil

    def __call__(self, delta: Delta) -> None:
        if self._veil:
            text, reasoning = delta.text, delta.reasoning
            if text:
                text, self._text = self._veil.parted(self._text + text)
            if reasoning:
                reasoning, self._reasoning = self._veil.parted(self._reasoning + reasoning)
            delta = Delta(text, reasoning, delta.waiting)
        if delta != _NOTHING:
            self._on_delta(delta)

    def close(self) -> None:
        """Nothing more comes: what was held back is no secret, or half of one."""
        rest = Delta(self._veil.rest(self._text), self._veil.rest(self._reasoning))
        if rest != _NOTHING:
            self._on_delta(rest)


def _is_secret(key: str) -> bool:
    return len(key) >= (_SURELY if key.isalpha() else _SHORTEST)
