"""The composition root: the only place that knows every concrete class. Nothing is built at import."""

import logging
import sys
import threading
import types
from dataclasses import dataclass, fields, replace
from typing import Any

from core import __version__, logs
from core.db.embedded import leave_postgres
from core.db.engine import create_engine, database_url
from core.db.migrate import migrate
from core.domain.person import Person
from core.engine.ports import Ports
from core.services.agents import AgentService
from core.services.api_documents import ApiDocumentService
from core.services.api_runs import ApiRunService
from core.services.attachments import AttachmentService
from core.services.backup_desk import BackupDesk
from core.services.backups import BackupService
from core.services.batches import BatchService
from core.services.bundles import BundleService
from core.services.called_runs import CalledRunService
from core.services.comparison_runs import ComparisonRunService
from core.services.comparison_writes import ComparisonWrites
from core.services.comparisons import ComparisonService
from core.services.conversations import ConversationService
from core.services.crew import Around, Parts, executor_of, parts_of
from core.services.datasets import DatasetService
from core.services.decisions import DecisionService
from core.services.document_reading import DocumentReader
from core.services.drill import DrillService
from core.services.endpoints import EndpointService
from core.services.evaluation_drive import EvaluationDrive, EvaluationLoop
from core.services.evaluation_planning import EvaluationPlanner
from core.services.evaluation_report import ReportService
from core.services.evaluations import EvaluationService
from core.services.executor import Executor
from core.services.finder import FinderService
from core.services.gates import GateService
from core.services.health import HealthService
from core.services.http_drafts import HttpDrafts
from core.services.hub_desk import Desk
from core.services.hub_tools import HubTools
from core.services.knowledge import KnowledgeService
from core.services.knowledge_search import KnowledgeSearch
from core.services.local_models import LocalModelService
from core.services.log_book import LogBook
from core.services.mcp_drafts import McpDrafts
from core.services.mcp_sign_ins import McpSignIns
from core.services.meaning import Embeddings, VectorMaker
from core.services.measures import Measures
from core.services.openapi_import import OpenApiImport
from core.services.operation import OperationService
from core.services.own_tools import OwnTools
from core.services.people import PeopleService
from core.services.permits import Guarded
from core.services.prompts import PromptService
from core.services.proof_desk import ProofDesk
from core.services.proofs import ProofService
from core.services.publishing import PublishService
from core.services.python_tools import PythonTools
from core.services.retention import RetentionLoop, RetentionService
from core.services.run_spec import SpecBuilder
from core.services.runs import RunService
from core.services.samples import seed
from core.services.secrets import SecretService, unlogged
from core.services.shares import ShareService
from core.services.sign_in import SignInService
from core.services.space_tools import SpaceTools
from core.services.tool_catalogue import ToolCatalogue
from core.services.tool_maker import ToolMaker
from core.services.tool_samples import ToolSamples
from core.services.tool_sources import ToolSourceService
from core.services.tools import ToolService
from core.services.variants import VariantService
from core.services.verdicts import VerdictService
from core.settings import Settings, load
from core.tools.agent.executor import AgentExecutor
from core.tools.hub.executor import HubExecutor
from core.tools.knowledge.executor import KnowledgeExecutor

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """Everything a screen, a route or a command may call."""

    settings: Settings
    agents: AgentService
    gates: GateService
    prompts: PromptService
    conversations: ConversationService
    endpoints: EndpointService
    local_models: LocalModelService
    secrets: SecretService
    tools: ToolService
    tool_maker: ToolMaker
    tool_sources: ToolSourceService
    api_documents: ApiDocumentService
    mcp_sign_ins: McpSignIns
    mcp_drafts: McpDrafts
    http_drafts: HttpDrafts
    attachments: AttachmentService
    own_tools: OwnTools
    python_tools: PythonTools
    hub_tools: HubTools
    space_tools: SpaceTools
    tool_samples: ToolSamples
    knowledge: KnowledgeService
    knowledge_search: KnowledgeSearch
    document_reader: DocumentReader
    vector_maker: VectorMaker
    runs: RunService
    backups: BackupService
    publishing: PublishService
    api_runs: ApiRunService
    measures: Measures
    backup_desk: BackupDesk
    batches: BatchService
    decisions: DecisionService
    variants: VariantService
    comparisons: ComparisonService
    comparison_runs: ComparisonRunService
    comparison_writes: ComparisonWrites
    proofs: ProofService
    bundles: BundleService
    datasets: DatasetService
    evaluations: EvaluationService
    evaluation_reports: ReportService
    evaluation_drive: EvaluationDrive
    evaluation_loop: EvaluationLoop
    health: HealthService
    finder: FinderService
    verdicts: VerdictService
    log_book: LogBook
    operation: OperationService
    retention: RetentionService
    retention_loop: RetentionLoop
    drill: DrillService
    proof_desk: ProofDesk
    sign_ins: SignInService
    people: PeopleService
    shares: ShareService
    executor: Executor
    _parts: Parts

    def close(self) -> None:
        """Let go of every run and of everything this process started. The App is not to be used afterwards."""
        self.proof_desk.close()
        self.backup_desk.close()
        self.retention_loop.stop()
        self.retention.close()
        self.evaluation_loop.stop()
        self.document_reader.close()
        self.vector_maker.close()
        self.executor.stop()
        self.comparison_writes.close()
        self.local_models.close()
        self._parts.close()


def acting(app: App, person: Person) -> App:
    """The App in the hands of one person: every service refuses what their role may not (`core.services.permits`)."""
    names = (field.name for field in fields(app) if field.name not in {"settings", "_parts"})
    guarded: dict[str, Any] = {name: Guarded(getattr(app, name), name, person) for name in names}
    return replace(app, **guarded)


def _as_it_is(ports: Ports) -> Ports:
    return ports


def build(settings: Settings, *, adopt: bool, around: Around = _as_it_is) -> App:
    """Reach the database, bring it up to date and put everything together.

    With `adopt` this process also executes queued runs and those that dead workers left. `around` may stand
    between the engine and what it reaches. Raises `Unavailable` or `ConfigurationError` with a sentence for
    the person who starts it.
    """
    engine = create_engine(database_url(settings))
    unlogged(settings.password, engine.url.password or "")
    migrate(engine)
    seed(engine)
    parts = parts_of(settings, engine)
    vault, toolbox = parts.vault, parts.toolbox
    agents, endpoints = AgentService(engine), EndpointService(engine, settings, vault, parts.connections)
    catalogue = ToolCatalogue(engine, toolbox)
    maker = ToolMaker(engine, catalogue)
    executor = executor_of(settings, parts, around, adopt=adopt)
    sources = ToolSourceService(engine, toolbox, executor)
    toolbox.on_drift(sources.heard)
    specs = SpecBuilder(agents, endpoints, catalogue)
    attachments = AttachmentService(engine)
    runs = _runs(settings, parts, specs, executor, attachments)
    toolbox.serve("agent", AgentExecutor(_called(settings, parts, specs, executor, runs)))
    desk = Desk(engine, catalogue, maker, runs.try_tool)
    toolbox.serve("hf", HubExecutor(parts.outbound, vault, attachments))
    embeddings = Embeddings(endpoints, parts.connections)
    vectors = VectorMaker(engine, embeddings)
    search, reader = KnowledgeSearch(engine, embeddings), DocumentReader(engine, vectors.wake)
    toolbox.serve("knowledge", KnowledgeExecutor(search))
    variants = VariantService(agents)
    comparisons = ComparisonService(engine, agents, variants)
    proofs = _proofs(settings, parts, executor, attachments)
    publishing = PublishService(engine)
    drill, backups = DrillService(engine, settings), BackupService(engine, settings)
    retention = RetentionService(engine, settings.home)
    drive = EvaluationDrive(engine, None if adopt or not settings.execute else executor.submit)
    loop = EvaluationLoop(drive)
    parts.feed.on_end = loop.ring
    writes = ComparisonWrites(engine, DecisionService(engine, executor))
    parts.feed.on_asked = writes.asked
    sign_ins, conversations = SignInService(engine, settings), ConversationService(engine)
    measures = Measures(engine, executor)
    parts.feed.on_entries = measures.hear
    planner = EvaluationPlanner(engine, variants, specs, endpoints)
    evaluations = EvaluationService(engine, planner, runs, loop, drives=adopt and settings.execute)
    return App(
        settings=settings,
        agents=agents,
        gates=GateService(engine),
        prompts=PromptService(engine),
        conversations=conversations,
        endpoints=endpoints,
        local_models=LocalModelService(parts.local, agents, endpoints),
        secrets=vault,
        tools=ToolService(engine, catalogue, parts.outbound, vault, runs.test_tool),
        tool_maker=maker,
        tool_sources=sources,
        mcp_sign_ins=McpSignIns(toolbox, executor, vault),
        api_documents=ApiDocumentService(engine, OpenApiImport(engine, catalogue, parts.outbound)),
        mcp_drafts=McpDrafts(engine),
        http_drafts=HttpDrafts(engine, maker, runs.try_tool),
        attachments=attachments,
        own_tools=OwnTools(agents, maker),
        python_tools=PythonTools(engine, maker, runs.try_tool),
        hub_tools=HubTools(desk, parts.outbound),
        space_tools=SpaceTools(desk, parts.outbound, vault),
        tool_samples=ToolSamples(engine),
        knowledge=KnowledgeService(engine, catalogue, reader, vectors, embeddings),
        knowledge_search=search,
        document_reader=reader,
        vector_maker=vectors,
        runs=runs,
        publishing=publishing,
        api_runs=ApiRunService(engine, publishing, runs, attachments),
        measures=measures,
        backups=backups,
        backup_desk=BackupDesk(settings.home, backups),
        batches=BatchService(engine, runs),
        decisions=DecisionService(engine, executor if adopt else None),
        variants=variants,
        comparisons=comparisons,
        comparison_writes=writes,
        comparison_runs=ComparisonRunService(engine, comparisons, variants, runs, attachments),
        proofs=proofs,
        bundles=BundleService(engine, attachments),
        datasets=DatasetService(engine),
        evaluations=evaluations,
        evaluation_reports=ReportService(evaluations),
        evaluation_drive=drive,
        evaluation_loop=loop,
        health=HealthService(engine, settings, endpoints, sources, vault),
        finder=FinderService(engine, catalogue),
        verdicts=VerdictService(engine),
        log_book=LogBook(settings.home),
        operation=OperationService(engine, settings, parts.owner),
        retention=retention,
        retention_loop=RetentionLoop(retention.sweep),
        drill=drill,
        proof_desk=ProofDesk(drill.rows, proofs.audits),
        sign_ins=sign_ins,
        people=PeopleService(engine, sign_ins),
        shares=ShareService(engine, conversations, runs),
        executor=executor,
        _parts=parts,
    )


def _runs(
    settings: Settings, parts: Parts, specs: SpecBuilder, executor: Executor, attachments: AttachmentService
) -> RunService:
    return RunService(
        parts.engine,
        specs,
        parts.feed,
        executor,
        parts.owner,
        attachments,
        lease_s=settings.lease_s,
        code=__version__,
        executes=settings.execute,
    )


def _called(
    settings: Settings, parts: Parts, specs: SpecBuilder, executor: Executor, runs: RunService
) -> CalledRunService:
    return CalledRunService(
        parts.engine, specs, parts.feed, executor, runs, parts.owner, lease_s=settings.lease_s, code=__version__
    )


def _proofs(settings: Settings, parts: Parts, executor: Executor, attachments: AttachmentService) -> ProofService:
    return ProofService(
        parts.engine,
        executor,
        parts.owner,
        attachments,
        lease_s=settings.lease_s,
        code=__version__,
        executes=settings.execute,
    )


# An entry of sys.modules without a file is never evicted by hot reload: one App a process, whatever is edited.
_anchor: Any = sys.modules.setdefault("_aryabhatta_process", types.ModuleType("_aryabhatta_process"))
_anchor.__dict__.setdefault("lock", threading.RLock())


def get_app() -> App:
    """The App of this process, built at the first call. Raises what `build` raises, and tries again next time."""
    with _anchor.lock:
        app: App | None = getattr(_anchor, "app", None)
        if app is None:
            settings = load()
            logs.configure(settings.log_level, home=settings.home)
            app = build(settings, adopt=settings.execute)
            app.measures.begin()
            app.executor.start()
            if settings.execute:
                app.evaluation_loop.start()
                app.retention_loop.start()
                app.document_reader.wake()
                app.vector_maker.wake()
            _log.info("Aryabhatta %s is up; home %s, executes runs: %s", __version__, settings.home, settings.execute)
            _anchor.app = app
        return app


def use_app(app: App | None) -> None:
    """Put an App in the place of the process's own: a command builds one that adopts nothing, tests one of theirs."""
    with _anchor.lock:
        _anchor.app = app


def close_app() -> None:
    """Close the App of this process, if there is one, and leave the embedded database.

    Leaving it is not left to the end of the process: a server that is told to stop by a signal ends by that signal,
    and no exit handler runs.
    """
    with _anchor.lock:
        app: App | None = getattr(_anchor, "app", None)
        _anchor.app = None
    if app is not None:
        app.close()
        leave_postgres(app.settings.home)
