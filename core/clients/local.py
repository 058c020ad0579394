"""Local models: llama.cpp serves each file in a process of its own, reachable from this machine only."""

import hashlib
import json
import os
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec

from core.clients.gguf import check_is_gguf, takes_tools
from core.clients.llama_child import PROGRAM, LlamaChild
from core.clients.model_folder import ModelFolder
from core.domain.local_model import ServerState, ServerStatus
from core.errors import Fault, FaultError

CONTEXT_TOKENS: Final = 8_192
START_LIMIT_S: Final = 180.0
SLEEP_AFTER_S: Final = 900
_PROPS_LIMIT_S: Final = 30.0
_STATUS_LIMIT_S: Final = 1.0
_VERDICTS: Final = ".templates.json"


class Serving(msgspec.Struct, frozen=True):
    """Where a model answers. `supports_tools`: without, llama.cpp silently leaves tools out of the prompt."""

    base_url: str
    key: str
    supports_tools: bool
    since: datetime


class LocalModel:
    """One model file. The process starts on demand, sleeps after a quarter of an hour, ends with this one."""

    def __init__(
        self,
        path: Path,
        start_limit_s: float = START_LIMIT_S,
        context_tokens: int = CONTEXT_TOKENS,
        program: Path = PROGRAM,
    ) -> None:
        self.path = path
        self._start_limit_s = start_limit_s
        self._context_tokens = context_tokens
        self._program = program
        self._lock = threading.Lock()
        self._child: LlamaChild | None = None
        self._serving: Serving | None = None
        self._failure = ""

    def start(self) -> Serving:
        """Where the model answers; loading it may take many seconds. Raises `FaultError` if it cannot be loaded."""
        with self._lock:
            serving = self.serving
            if serving is None:
                self._serving = None
                self._serving = serving = self._launch()
            return serving

    def stop(self) -> None:
        with self._lock:
            if self._child is not None:
                self._child.stop()
            self._child = self._serving = None
            self._failure = ""

    @property
    def serving(self) -> Serving | None:
        """None while no process answers. Never waits."""
        child = self._child
        return self._serving if child is not None and child.is_alive else None

    def status(self) -> ServerStatus:
        """What the process does now. Never waits for a model that is being loaded."""
        child, serving = self._child, self.serving
        if child is None or not child.is_alive:
            return ServerStatus(state="failed" if self._failure else "stopped", message=self._failure)
        if serving is None:
            return ServerStatus(state="starting", memory_bytes=child.memory_bytes())
        state: ServerState = "asleep" if _is_asleep(serving) else "awake"
        return ServerStatus(state=state, since=serving.since, memory_bytes=child.memory_bytes())

    def _launch(self) -> Serving:
        self._failure = ""
        if self._child is not None:
            self._child.stop()  # it ended by itself; its pipe is still open
        try:
            check_is_gguf(self.path)
            self._child = LlamaChild(self._program)
            return self._begin(self._child)
        except FaultError as error:
            self._failure = error.fault.message
            raise

    def _begin(self, child: LlamaChild) -> Serving:
        key = secrets.token_urlsafe(24)
        try:
            address = child.begin(self._settings(key), self._start_limit_s)
            return Serving(f"{address}/v1", key, _supports_tools(address, key), datetime.now(UTC))
        except FaultError:
            child.stop()
            raise

    def _settings(self, key: str) -> dict[str, object]:
        return {
            "path": str(self.path),
            "alias": self.path.name,
            "key": key,
            "context_tokens": self._context_tokens,
            # With every core busy, threads that wait for each other made an answer three to six times slower.
            "threads": max(1, _cores() - 1),
            "parallel": 1,
            "sleep_after_s": SLEEP_AFTER_S,
        }


class LocalModels:
    """The models of a folder, by name, each in its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = ModelFolder(folder)
        self._lock = threading.Lock()
        self._models: dict[Path, LocalModel] = {}
        self._learned_from: Serving | None = None

    def names(self) -> tuple[str, ...]:
        """What can be served."""
        return self.folder.names()

    def serving(self, name: str) -> Serving:
        """Start the model if need be. `name` is one of `names()`, or the absolute path of a file; empty: the only one.

        Raises `FaultError`.
        """
        serving = self._model(self.folder.file(name)).start()
        self._learn(name, serving)
        return serving

    def status(self, name: str) -> ServerStatus:
        """Raises `FaultError` when there is no such file."""
        return self._model(self.folder.file(name)).status()

    def supports_tools(self, name: str) -> bool | None:
        """Whether the model can be given tools, without starting it; None: the file does not say."""
        try:
            running = self._model(self.folder.file(name)).serving
            if running is not None:
                return running.supports_tools
            template = self.folder.header(name).chat_template
        except FaultError:
            return None
        verdict = self._verdicts().get(_digest(template))
        return takes_tools(template) if verdict is None else verdict

    def stop(self, name: str | None = None) -> None:
        """End the process of a model, or all of them. Raises `FaultError` when there is no such file."""
        path = None if name is None else self.folder.file(name)
        with self._lock:
            models = [model for model in self._models.values() if path in {None, model.path}]
        for model in models:
            model.stop()

    def _model(self, path: Path) -> LocalModel:
        with self._lock:
            return self._models.setdefault(path, LocalModel(path))

    def _learn(self, name: str, serving: Serving) -> None:
        """Where llama.cpp contradicts what the template looks like, its word is kept for the next time."""
        if serving is self._learned_from:
            return
        self._learned_from = serving
        try:
            template = self.folder.header(name).chat_template
        except FaultError:
            return  # llama.cpp read what this project cannot
        known = self._verdicts()
        if known.get(_digest(template), takes_tools(template)) == serving.supports_tools:
            return
        file = self.folder.path / _VERDICTS
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(known | {_digest(template): serving.supports_tools}), encoding="utf-8")
        draft.replace(file)

    def _verdicts(self) -> dict[str, bool]:
        try:
            known: dict[str, bool] = json.loads((self.folder.path / _VERDICTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known


def _digest(template: str) -> str:
    return hashlib.sha256(template.encode()).hexdigest()


def _supports_tools(address: str, key: str) -> bool:
    """Whether the model's chat template has a place for tools, as llama.cpp understands it."""
    try:
        return bool(_props(address, key, _PROPS_LIMIT_S)["chat_template_caps"]["supports_tools"])
    except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
        raise FaultError(Fault("server_error", f"The local model server does not say what it can: {error}")) from None


def _is_asleep(serving: Serving) -> bool:
    """Whether it gave its memory back; a server too busy to answer is awake."""
    try:
        props = _props(serving.base_url.removesuffix("/v1"), serving.key, _STATUS_LIMIT_S)
    except (httpx2.HTTPError, ValueError):
        return False
    return bool(props.get("is_sleeping"))


def _props(address: str, key: str, limit_s: float) -> dict[str, Any]:
    # Without the environment: a proxy would be given the key.
    headers = {"authorization": f"Bearer {key}"}
    answer = httpx2.get(f"{address}/props", headers=headers, trust_env=False, timeout=limit_s)
    props: dict[str, Any] = answer.raise_for_status().json()
    return props


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
