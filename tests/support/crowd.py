"""A database with as much in it as years of use leave, written by the database itself in a few statements.

What is written looks like what the product writes, except that entries are not chained by hash: there are as many of
them as the machine has time for, and nobody here audits them.
"""

from itertools import product
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, text

from core.domain.agent import AgentSpec
from core.domain.event import (
    Claimed,
    Created,
    Decision,
    Ended,
    Exchange,
    Fact,
    Finished,
    Refused,
    Request,
    Started,
    attempt_of,
    effect_of,
    encode,
    kind_of,
)
from core.domain.message import ToolCall, Usage
from core.domain.run import RunSpec, Totals
from core.domain.tool import ToolChoice


class Crowd(NamedTuple):
    """How much of everything. Six runs of ten are said in a conversation; each run has ten entries."""

    runs: int
    talk: int
    """A conversation for so many runs."""
    agents: int
    tools: int
    prompts: int
    comparisons: int
    evaluations: int


SMALL = Crowd(runs=40_000, talk=4, agents=400, tools=1_000, prompts=400, comparisons=400, evaluations=60)
"""Large enough that Postgres uses the indexes it will use later."""
LARGE = Crowd(runs=100_000, talk=10, agents=1_000, tools=5_000, prompts=1_000, comparisons=1_000, evaluations=200)
DAYS = 90

_SYLLABLES = ("ka", "lo", "mi", "ter", "sun", "ra", "ve", "do", "pin", "gal", "nor", "es")
_WORDS = [first + second + third for first, second, third in product(_SYLLABLES, _SYLLABLES[:9], ("", "n", "st", "le"))]

_FUNCTIONS = """
CREATE FUNCTION pg_temp.at(n bigint, most bigint) RETURNS timestamptz LANGUAGE sql AS
  $$ SELECT now() - make_interval(days => :days) * (1 - n::float8 / most) $$;
CREATE FUNCTION pg_temp.id(n bigint, most bigint) RETURNS uuid LANGUAGE sql AS
  $$ SELECT (lpad(to_hex((extract(epoch FROM pg_temp.at(n, most)) * 1000)::bigint), 12, '0') || '7000'
             || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;
CREATE FUNCTION pg_temp.some(n bigint, most bigint) RETURNS bigint LANGUAGE sql AS
  $$ SELECT floor(most * power((hashint8(n) & 1048575) / 1048576.0, 2))::bigint $$;
CREATE FUNCTION pg_temp.words(n bigint, many int) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg((:words::text[])[1 + (hashint8(n * 64 + k) & 255)], ' ') FROM generate_series(1, many) AS k $$;
"""
"""`some` prefers small numbers: a few agents, tools and people do most of the work."""

_STATEMENTS = {
    "agents": """
        INSERT INTO agents (id, name, description, tags, live_revision, archived, created_at, updated_at)
        SELECT pg_temp.id(n, :agents), 'Agent ' || n || ' ' || pg_temp.words(n, 2), pg_temp.words(n + 7, 9),
               CASE WHEN n % 4 = 0 THEN ARRAY['team ' || n % 12] ELSE '{}' END, 3, n % 20 = 19,
               pg_temp.at(n, :agents), pg_temp.at(n, :agents)
          FROM generate_series(0, :agents - 1) AS n""",
    "agent_revisions": """
        INSERT INTO agent_revisions (id, agent_id, number, spec, content_hash, note, author)
        SELECT gen_random_uuid(), pg_temp.id(n, :agents), number,
               replace(:spec, 'A_TOOL', 'tool_' || pg_temp.some(n, :tools))::json, 'c1:' || n || number,
               'Changed ' || number, 'person ' || n % 20
          FROM generate_series(0, :agents - 1) AS n, generate_series(1, 3) AS number""",
    "system_prompts": """
        INSERT INTO system_prompts (id, name, number, text, label)
        SELECT gen_random_uuid(), 'Prompt ' || n, number, pg_temp.words(n * 3 + number, 60), 'draft'
          FROM generate_series(0, :prompts - 1) AS n, generate_series(1, 3) AS number""",
    "user_prompts": """
        INSERT INTO user_prompts (id, name, number, text)
        SELECT gen_random_uuid(), 'Message ' || n, 1, pg_temp.words(n * 5, 30)
          FROM generate_series(0, :prompts - 1) AS n""",
    "tools": """
        INSERT INTO tools (id, name, kind, description, parameters, schema_hash, definition, effect, repeat, source)
        SELECT gen_random_uuid(), 'tool_' || n, 'openapi', pg_temp.words(n, 12), '{"type": "object"}', 'c1:' || n,
               :operation, 'read', 'safe', 'https://example.org/' || n / 100
          FROM generate_series(0, :tools - 1) AS n""",
    "conversations": """
        INSERT INTO conversations (id, agent_id, title, archived, created_at, updated_at)
        SELECT pg_temp.id(n * :talk, :runs), pg_temp.id(pg_temp.some(n, :agents), :agents),
               CASE WHEN n % 3 > 0 THEN 'About ' || pg_temp.words(n, 3) ELSE '' END, n % 25 = 24,
               pg_temp.at(n * :talk, :runs), pg_temp.at(n * :talk, :runs)
          FROM generate_series(0, :runs / :talk - 1) AS n""",
    "runs": """
        INSERT INTO runs (id, kind, status, conversation_id, parent_run_id, agent_id, agent_name, revision, model,
                          endpoint, input, output, error_kind, totals, tags, created_by, created_at, ended_at, epoch,
                          next_seq)
        SELECT pg_temp.id(n, :runs),
               (ARRAY['chat', 'chat', 'chat', 'chat', 'chat', 'chat', 'test', 'evaluation', 'try', 'api'])[1 + n % 10],
               status, CASE WHEN n % 10 < 6 THEN pg_temp.id(n / :talk * :talk, :runs) END,
               CASE WHEN n % 10 BETWEEN 1 AND 5 AND n % :talk > 0 THEN pg_temp.id(n - 1, :runs) END, pg_temp.id(agent, :agents),
               'Agent ' || agent || ' ' || pg_temp.words(agent, 2), 1 + n % 3, 'model-' || pg_temp.some(n, 12),
               'endpoint ' || n % 3, pg_temp.words(n, 15), CASE WHEN status = 'done' THEN pg_temp.words(n + 1, 40) ELSE '' END,
               CASE WHEN status = 'failed' THEN (ARRAY['timeout', 'server_error', 'tool_failed'])[1 + n / 50 % 3] END,
               replace(replace(:totals, '77', (1 + n % 77)::text), '123', (100 + n % 899)::text)::jsonb,
               CASE WHEN n % 40 = 0 THEN ARRAY['tag ' || n / 40 % 9] ELSE '{}' END, 'person ' || pg_temp.some(n * 3, 20),
               pg_temp.at(n, :runs), pg_temp.at(n, :runs) + interval '9 s', 1, 10
          FROM (SELECT n, pg_temp.some(n / :talk, :agents) AS agent,
                       CASE WHEN n % 50 < 46 THEN 'done' WHEN n % 50 < 49 THEN 'failed' ELSE 'cancelled' END AS status
                  FROM generate_series(0, :runs - 1) AS n) AS run""",
    "run_events": """
        INSERT INTO run_events (run_id, seq, epoch, kind, effect, attempt, body, at, hash)
        SELECT pg_temp.id(n, :runs), seq - 1, 1, entry ->> 0, entry ->> 1, (entry ->> 2)::int,
               replace(entry ->> 3, 'A_TOOL', 'tool_' || pg_temp.some(n, :tools))::json,
               pg_temp.at(n, :runs) + make_interval(secs => seq), sha256(int8send(n * 16 + seq))
          FROM generate_series(0, :runs - 1) AS n, json_array_elements(:entries) WITH ORDINALITY AS e(entry, seq)""",
    "comparisons": """
        INSERT INTO comparisons (id, title, created_at, updated_at)
        SELECT pg_temp.id(n, :comparisons), 'Comparison ' || pg_temp.words(n, 2), pg_temp.at(n, :comparisons),
               pg_temp.at(n, :comparisons)
          FROM generate_series(0, :comparisons - 1) AS n""",
    "datasets": """
        INSERT INTO datasets (id, name, updated_at)
        SELECT pg_temp.id(n, :evaluations), 'Dataset ' || n, pg_temp.at(n, :evaluations)
          FROM generate_series(0, :evaluations - 1) AS n""",
    "dataset_versions": """
        INSERT INTO dataset_versions (dataset_id, number, last_item)
        SELECT pg_temp.id(n, :evaluations), 1, 50 FROM generate_series(0, :evaluations - 1) AS n""",
    "dataset_items": """
        INSERT INTO dataset_items (dataset_id, version, number, input, expected)
        SELECT pg_temp.id(n, :evaluations), 1, item, pg_temp.words(n * 50 + item, 12), 'yes'
          FROM generate_series(0, :evaluations - 1) AS n, generate_series(1, 50) AS item""",
    "notebook_pages": """
        INSERT INTO notebook_pages (id, notebook, text, key)
        SELECT gen_random_uuid(), 'book ' || n % 40, pg_temp.words(n, 12), 'page ' || n
          FROM generate_series(0, :runs / 10) AS n""",
}


def crowd(engine: Engine, size: Crowd) -> None:
    """Fill a migrated database and let Postgres look at it. Its account has to be a superuser."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # no look-up for each reference
        for function in filter(str.strip, _FUNCTIONS.split(";\n")):
            connection.exec_driver_sql(
                function.replace(":days", str(DAYS)).replace(":words", "'{" + ",".join(_WORDS[:256]) + "}'")
            )
        for statement in _STATEMENTS.values():
            _write(connection, statement, size)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _write(connection: Connection, statement: str, size: Crowd) -> None:
    values = size._asdict() | {
        "spec": _text(AgentSpec(instructions="You answer in one line.", tools=(ToolChoice("A_TOOL"),))),
        "totals": _text(Totals(steps=2, calls_executed=1, active_s=77, usage=Usage(total_tokens=123, cost_usd=0.001))),
        "operation": _text({"method": "GET", "url": "https://example.org/weather"}),
        "entries": _text([(kind_of(f), effect_of(f), attempt_of(f), encode(f).decode()) for f in _entries()]),
    }
    named = {name: value for name, value in values.items() if f":{name}" in statement}
    connection.execute(text(statement.replace("::", "\\:\\:")), named)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _entries() -> list[Fact]:
    """Two steps and one call, one more that was refused."""
    wanted = ToolCall(id="call_1", name="A_TOOL", arguments='{"city": "Pune"}')
    other = ToolCall(id="call_2", name="no_such_tool", arguments="{}")
    request = Request(sha256="0" * 64, size_bytes=1_200, messages=2)
    usage, exchange = (
        Usage(prompt_tokens=50, completion_tokens=12, total_tokens=62),
        Exchange(url="http://m/v1", status=200),
    )
    return [
        Created(spec=RunSpec(instructions="You answer in one line.", model="model-1"), input="How warm is it?"),
        Claimed(by="worker-1", code="0"),
        Started(effect="1.m", attempt=1, request=request),
        Decision(step=1, effect="1.m", attempt=1, calls=(wanted, other), usage=usage, exchange=exchange),
        Refused(
            effect="1.1", name="no_such_tool", arguments="{}", reason="There is no such tool.", error="tool_unknown"
        ),
        Started(effect="1.0", attempt=1, name="A_TOOL", arguments='{"city": "Pune"}', key="k"),
        Finished(effect="1.0", attempt=1, output="31 degrees", took_ms=12.5),
        Started(effect="2.m", attempt=1, request=request),
        Decision(step=2, effect="2.m", attempt=1, text="It is 31 degrees.", usage=usage, exchange=exchange),
        Ended(status="done", output="It is 31 degrees."),
    ]
