"""The worker of this process and what it reaches, made when it is first needed."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from core import __version__
from core.clients.chat.client import ChatClient
from core.clients.demo.server import DemoServer
from core.clients.local import LocalModels
from core.clients.outbound import Outbound
from core.engine.feed import Feed
from core.engine.ports import Ports
from core.engine.rooms import Rooms
from core.engine.worker import RUNS, TEXT, Worker
from core.engine.writer import GroupWriter
from core.repositories.claims import Claims
from core.repositories.journal_store import JournalStore
from core.repositories.notebook import NotebookRepository
from core.repositories.presence import Presence
from core.repositories.rooms import RoomLine
from core.services.connections import Connections
from core.services.executor import Crew, Executor
from core.services.mcp_sign_ins import TokenSecrets
from core.services.secrets import SecretService
from core.services.till import AccountTill
from core.settings import Settings
from core.tools.toolbox import Toolbox

Around = Callable[[Ports], Ports]


@dataclass(frozen=True, slots=True)
class Parts:
    """What lives as long as the process."""

    engine: Engine
    feed: Feed
    vault: SecretService
    outbound: Outbound
    toolbox: Toolbox
    demo: DemoServer
    local: LocalModels
    connections: Connections
    owner: str

    def close(self) -> None:
        self.toolbox.close()
        self.demo.stop()
        self.engine.dispose()


def parts_of(settings: Settings, engine: Engine) -> Parts:
    vault, outbound = SecretService(engine, settings), Outbound()
    demo, local = DemoServer(), LocalModels(settings.home / "models")
    return Parts(
        engine=engine,
        feed=Feed(),
        vault=vault,
        outbound=outbound,
        toolbox=Toolbox(outbound, NotebookRepository(engine), vault, vault=TokenSecrets(vault)),
        demo=demo,
        local=local,
        connections=Connections(vault, demo, local),
        owner=_worker_name(),
    )


def executor_of(settings: Settings, parts: Parts, around: Around, *, adopt: bool) -> Executor:
    """Its worker is made when it is needed: a command that only reads never announces itself."""

    def crew() -> Crew:
        chat = ChatClient(
            parts.connections.key,
            parts.connections.address,
            settings.model_timeout_s,
            settings.connect_timeout_s,
            stamp=parts.connections.stamp,
        )
        rooms = Rooms(RoomLine(parts.engine))
        worker, writer = _worker(settings, parts, settings.concurrency if adopt else 0)
        ports = Ports(
            journal=writer,
            model=chat,
            tools=parts.toolbox,
            observer=parts.feed,
            now=lambda: datetime.now(UTC),
            holds_lease=worker.holds_lease,
            lease_again=worker.lease_again,
            rooms=rooms,
            till=AccountTill(parts.engine),
        )

        async def hang_up() -> None:
            await asyncio.gather(chat.close(), parts.toolbox.hang_up(), asyncio.to_thread(rooms.stop))

        return Crew(worker, around(ports), hang_up)

    return Executor(parts.owner, crew)


def _worker(settings: Settings, parts: Parts, adopt: int) -> tuple[Worker, GroupWriter]:
    writer = GroupWriter(JournalStore(parts.engine, parts.owner))
    claims = Claims(parts.engine, parts.owner, __version__, settings.lease_s)
    presence = Presence(parts.engine, parts.owner, (RUNS, TEXT), adopt)
    return Worker(claims, presence, writer, parts.feed, lease_s=settings.lease_s, adopt=adopt), writer


def _worker_name() -> str:
    """Unique for every start: a lease of an earlier process of this machine is never taken for ours."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
