"""Calls of Hugging Face tools. Of tasks: exactly one request each, no retry, cancelled with the task."""

import asyncio
import time
from dataclasses import replace
from typing import Any

from core.clients.hub_task import TaskCall, request_of
from core.clients.outbound import Outbound, OutboundRequest, OutboundResponse
from core.clients.space import SpaceClient
from core.domain.attachment import Attachment
from core.domain.canonical import Json
from core.domain.tool import ToolRequest, ToolResult
from core.errors import Fault, FaultError
from core.tools.executor import CannotDoError
from core.tools.files import FileStore, found
from core.tools.hub.answer import checked, made, rows_result, text_result, vector_result
from core.tools.hub.definition import HubTask, definition_of, is_space, token_problem
from core.tools.hub.space_executor import SpaceExecutor
from core.tools.hub.task import DRAWN, Gives, Task
from core.tools.hub.tasks import task_named
from core.tools.secrets import Scrubber, SecretSource, looked_up


class HubExecutor:
    """Files go from the store to the server and from the server to the store; a model only ever sees their names."""

    def __init__(self, outbound: Outbound, secrets: SecretSource, files: FileStore) -> None:
        self._outbound, self._secrets, self._files = outbound, secrets, files
        self._spaces = SpaceExecutor(SpaceClient(outbound), secrets, files)

    async def call(self, request: ToolRequest) -> ToolResult:
        return await (self._spaces.call(request) if is_space(request.tool) else self._ask(request))

    async def _ask(self, request: ToolRequest) -> ToolResult:
        written, until = definition_of(request.tool), time.monotonic() + request.time_limit_s
        task = task_named(written.task)
        if task is None:
            raise FaultError(Fault("unsupported", f"The task {written.task!r} is not known here any more."))
        try:
            call = await self._call(task, written, request)
        except CannotDoError as error:
            return ToolResult(str(error), is_error=True)
        scrubber = Scrubber([(written.secret, call.key)])
        with scrubber.errors():
            asked = replace(await request_of(call), timeout_s=request.time_limit_s, **_bounds(written))
            if problem := token_problem(written, asked.url):  # a provider may be asked past the router
                raise FaultError(Fault("bad_request", problem))
            answer = checked(await self._outbound.send(asked))
            if task.gives in DRAWN:
                content = await self._content_of(made(answer), until, written)
                return await self._kept(request.tool.name, content, task.gives)
            return scrubber.result(_said(task.gives, answer, call))

    async def _call(self, task: Task, written: HubTask, request: ToolRequest) -> TaskCall:
        """What is asked, files and key included. Raises `CannotDoError` for a file that is not there."""
        inputs: dict[str, Json | bytes] = {**request.arguments, **written.fixed}
        media_type = ""
        for option in task.options:
            if option.medium:
                named = found(str(inputs.get(option.name, "")), request.files, option.medium)
                inputs[option.name], media_type = await self._stored(named), named.media_type
        names = [written.secret] if written.secret else []
        keys = await asyncio.to_thread(looked_up, self._secrets, names)
        shared = {name: getattr(written, name) for name in ("task", "model", "provider", "provider_model", "address")}
        return TaskCall(**shared, key=keys.get(written.secret, ""), inputs=inputs, media_type=media_type)

    async def _stored(self, file: Attachment) -> bytes:
        content = await asyncio.to_thread(self._files.content, file.sha256)
        if content is None:
            raise CannotDoError(f"{file.name} is not stored here any more.")
        return content

    async def _content_of(self, made_or_address: bytes | str, until: float, written: HubTask) -> bytes:
        """What a provider made and put somewhere is fetched once, without the key."""
        if isinstance(made_or_address, bytes):
            return made_or_address
        left_s = max(0.1, until - time.monotonic())
        asked = OutboundRequest(method="GET", url=made_or_address, timeout_s=left_s, **_bounds(written))
        return checked(await self._outbound.send(asked)).body

    async def _kept(self, stem: str, content: bytes, gives: Gives) -> ToolResult:
        file = await asyncio.to_thread(self._files.keep_made, stem, content)
        size = f", {file.width_px} × {file.height_px} pixels" if file.width_px else ""
        told = f"Made {DRAWN[gives]}: {file.name} ({file.media_type}{size}, {file.size_bytes:,} bytes). It is shown."
        return ToolResult(told, data={"name": file.name, "sha256": file.sha256}, files=(file,))


def _bounds(written: HubTask) -> dict[str, Any]:
    return {"allow": written.allow_hosts, "max_bytes": written.answer_bytes}


def _said(gives: Gives, answer: OutboundResponse, call: TaskCall) -> ToolResult:
    match gives:
        case "text":
            return text_result(answer)
        case "vector":
            return vector_result(answer)
        case _:
            return rows_result(answer, call.inputs.get("other_sentences", ()))
