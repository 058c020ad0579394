"""A row for each table, by the migration that makes the table."""

from sqlalchemy import Engine, text

ROWS = {
    "0001": (
        "INSERT INTO agents (id, name, live_revision) VALUES (gen_random_uuid(), 'a', 1)",
        (
            "INSERT INTO agent_revisions (id, agent_id, number, spec, content_hash) "
            "SELECT gen_random_uuid(), id, 1, '{}', 'c1:' FROM agents"
        ),
        "INSERT INTO system_prompts (id, name, number, text) VALUES (gen_random_uuid(), 'p', 1, 't')",
        "INSERT INTO user_prompts (id, name, number, text) VALUES (gen_random_uuid(), 'p', 1, 't')",
    ),
    "0002": (
        (
            "INSERT INTO tools (id, name, kind, parameters, schema_hash, effect, repeat) "
            "VALUES (gen_random_uuid(), 't', 'http', '{}', 'c1:', 'read', 'safe')"
        ),
        "INSERT INTO notebook_pages (id, notebook, text, key) VALUES (gen_random_uuid(), 'n', 't', 'k')",
        "INSERT INTO endpoints (id, name, base_url) VALUES (gen_random_uuid(), 'e', 'https://e/v1')",
        "INSERT INTO secrets (name, ciphertext) VALUES ('S', 'x')",
        "INSERT INTO preferences (name, value) VALUES ('p', '{}')",
    ),
    "0003": (
        "INSERT INTO conversations (id, agent_id) SELECT gen_random_uuid(), id FROM agents",
        "INSERT INTO runs (id, kind, conversation_id) SELECT gen_random_uuid(), 'chat', id FROM conversations",
        (
            "INSERT INTO run_events (run_id, seq, epoch, kind, body, at, hash) "
            "SELECT id, 0, 0, 'created', '{}', now(), '' FROM runs"
        ),
        "INSERT INTO workers (name, key, pid) VALUES ('w', 1, 1)",
    ),
    "0004": ("INSERT INTO comparisons (id, origin_run_id) SELECT gen_random_uuid(), id FROM runs",),
    "0005": (
        "INSERT INTO runs (id, kind, batch_id, held) VALUES (gen_random_uuid(), 'api', gen_random_uuid(), true)",
        "INSERT INTO endpoints (id, name, base_url, requests_per_minute) VALUES (gen_random_uuid(), 'r', 'http://r', 1)",
        "INSERT INTO endpoint_budgets (name, sent) VALUES ('r', '{\"1\": 1}')",
    ),
    "0006": ("INSERT INTO tool_sources (id, name, server) VALUES (gen_random_uuid(), 's', '{}')",),
    "0007": (
        "INSERT INTO attachments (sha256, media_type, content) VALUES (encode(sha256('x'), 'hex'), 'text/plain', 'x')",
    ),
    "0008": (
        (
            "INSERT INTO runs (id, kind, caller_run_id, caller_effect) "
            "SELECT gen_random_uuid(), 'call', id, '1.0' FROM runs WHERE kind = 'chat' LIMIT 1"
        ),
    ),
    "0009": (
        "INSERT INTO datasets (id, name) VALUES (gen_random_uuid(), 'd')",
        "INSERT INTO dataset_versions (dataset_id, number) SELECT id, 1 FROM datasets",
        "INSERT INTO dataset_items (dataset_id, version, number, input) SELECT id, 1, 1, 'i' FROM datasets",
        (
            "INSERT INTO evaluations (id, name, dataset_id, version, plan, evaluators) "
            "SELECT gen_random_uuid(), 'e', id, 1, '{}', '[]' FROM datasets"
        ),
        "INSERT INTO evaluation_cells (evaluation_id, variant, item, repeat) SELECT id, 0, 1, 1 FROM evaluations",
        (
            "INSERT INTO scores (evaluation_id, variant, item, repeat, evaluator) "
            "SELECT id, 0, 1, 1, 'c1:' FROM evaluations"
        ),
    ),
    "0010": (),
    "0011": ("INSERT INTO agent_releases (id, agent_id, revision) SELECT gen_random_uuid(), id, 1 FROM agents",),
    "0012": (
        "INSERT INTO publications (agent_id) SELECT id FROM agents",
        "INSERT INTO api_keys (id, name, prefix, hash) VALUES (gen_random_uuid(), 'k', 'ary_', sha256('k'))",
        "INSERT INTO api_calls (run_id, key_id, digest) SELECT r.id, k.id, sha256('q') FROM runs r, api_keys k LIMIT 1",
    ),
    "0013": (),
    "0014": (
        "INSERT INTO collections (id, name, language, tool) VALUES (gen_random_uuid(), 'c', 'german', 'search_c')",
        (
            "INSERT INTO documents (id, collection_id, name, size_bytes, sha256, content) "
            "SELECT gen_random_uuid(), id, 'd.txt', 1, '', 'x' FROM collections"
        ),
        (
            "INSERT INTO passages (id, collection_id, document_id, number, text, language) "
            "SELECT gen_random_uuid(), collection_id, id, 1, 'Bücher', 'german' FROM documents"
        ),
        (
            "INSERT INTO tools (id, name, kind, parameters, schema_hash, effect, repeat) "
            "VALUES (gen_random_uuid(), 'search_c', 'knowledge', '{}', 'c1:', 'read', 'safe')"
        ),
    ),
    "0015": (
        "INSERT INTO people (id, name, role) VALUES (gen_random_uuid(), 'p', 'operator')",
        (
            "INSERT INTO sign_ins (token_hash, id, person_id, name, expires_at) "
            "SELECT 'h', gen_random_uuid(), id, name, now() FROM people"
        ),
        "INSERT INTO sign_in_tries (id, address, name) VALUES (gen_random_uuid(), 'a', 'p')",
        "INSERT INTO security_events (id, kind) VALUES (gen_random_uuid(), 'signed_in')",
    ),
    "0016": (
        "INSERT INTO accounts (id, ceiling_usd) VALUES (gen_random_uuid(), 1)",
        (
            "INSERT INTO charges (run_id, effect, attempt, account_id, usd) "
            "SELECT gen_random_uuid(), '1.m', 1, id, 0.5 FROM accounts"
        ),
    ),
    "0017": (
        (
            "INSERT INTO shares (id, token_hash, conversation_id, leaf_run_id, expires_at) SELECT gen_random_uuid(), "
            "sha256('s'), conversation_id, id, now() FROM runs WHERE conversation_id IS NOT NULL LIMIT 1"
        ),
    ),
    "0018": ("UPDATE passages SET vector = ARRAY[1, 2], made_by = 'e m'",),
    "0019": (
        "INSERT INTO runs (id, kind, status, created_at, ended_at) VALUES (gen_random_uuid(), 'api', 'done', now(), now())",
        (
            "INSERT INTO removed_runs (number, run_id, entries, head, created_at, ended_at, removed_at, reason, hash) "
            "SELECT 1, id, next_seq, head, created_at, ended_at, now(), 'r', '' FROM runs WHERE status = 'done' LIMIT 1"
        ),
    ),
    "0020": ("INSERT INTO api_documents (source) VALUES ('Pets')",),
    "0021": (),
    "0022": ("INSERT INTO verdicts (run_id, who, is_good) SELECT id, 'ada', true FROM runs LIMIT 1",),
}


def fill(engine: Engine, *revisions: str) -> None:
    """Insert the rows of these migrations, of all if none is named."""
    with engine.begin() as connection:
        for revision in revisions or ROWS:
            for statement in ROWS[revision]:
                connection.execute(text(statement))
