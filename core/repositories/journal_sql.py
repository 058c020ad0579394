"""The journal's statements. Kept apart so that each can be read, and explained to Postgres, as a whole."""

CREATE = """
INSERT INTO runs (id, kind, status, conversation_id, parent_run_id, agent_id, agent_name, revision, model, endpoint,
                  input, tags, created_by, created_at, epoch, lease_owner, lease_until, next_seq, head, priority,
                  batch_id, held, caller_run_id, caller_effect)
VALUES (%(id)s, %(kind)s, %(status)s, %(conversation_id)s, %(parent_run_id)s, %(agent_id)s, %(agent_name)s,
        %(revision)s, %(model)s, %(endpoint)s, %(input)s, %(tags)s, %(created_by)s, %(created_at)s, %(epoch)s,
        %(owner)s, clock_timestamp() + make_interval(secs => %(lease_s)s), %(next_seq)s, %(head)s, %(priority)s,
        %(batch_id)s, %(held)s, %(caller_run_id)s, %(caller_effect)s)
"""

CREATE_WITH_EVENTS = f"""
WITH run AS ({CREATE} RETURNING id)
INSERT INTO run_events (run_id, seq, epoch, kind, effect, attempt, body, at, hash)
SELECT run.id, e.seq, e.epoch, e.kind, e.effect, e.attempt, e.body::json, e.at, e.hash
  FROM run, json_to_recordset(%(events)s)
    AS e(seq int, epoch bigint, kind text, effect text, attempt int, body text, at timestamptz, hash bytea)
"""  # noqa: S608 (made of constants)

TAKE_IN = """
UPDATE runs SET ended_at = %(ended_at)s, output = %(output)s, error_kind = %(error)s, totals = %(totals)s::jsonb
 WHERE id = %(id)s
"""

PREPARE_APPEND = """
PREPARE append_to_journal (text, json, json) AS
WITH given AS (
    SELECT * FROM json_to_recordset($2)
        AS g(run_id uuid, epoch bigint, first_seq int, next_seq int, head bytea, status text, totals text, output text,
             error_kind text)
), moved AS (
    UPDATE runs r
       SET next_seq = g.next_seq,
           head = g.head,
           status = coalesce(g.status, r.status),
           lease_owner = CASE WHEN g.status IS NULL THEN r.lease_owner END,
           lease_until = CASE WHEN g.status IS NULL THEN r.lease_until END,
           ended_at = CASE WHEN g.status IN ('done', 'failed', 'cancelled') THEN clock_timestamp() ELSE r.ended_at END,
           totals = coalesce(g.totals::jsonb, r.totals),
           output = coalesce(g.output, r.output),
           error_kind = coalesce(g.error_kind, r.error_kind),
           partial = CASE WHEN g.status IS NULL THEN r.partial END
      FROM given g
     WHERE r.id = g.run_id AND r.epoch = g.epoch AND r.next_seq = g.first_seq
       AND r.status = 'running' AND r.lease_owner = $1
    RETURNING r.id
), written AS (
    INSERT INTO run_events (run_id, seq, epoch, kind, effect, attempt, body, at, hash)
    SELECT e.run_id, e.seq, e.epoch, e.kind, e.effect, e.attempt, e.body::json, e.at, e.hash
      FROM json_to_recordset($3)
        AS e(run_id uuid, seq int, epoch bigint, kind text, effect text, attempt int, body text, at timestamptz,
             hash bytea)
      JOIN moved ON moved.id = e.run_id
)
SELECT id FROM moved
"""
"""Planned once a connection; two documents instead of twenty arrays cost a third of the time on both sides."""

APPEND = "EXECUTE append_to_journal (%(owner)s, %(runs)s, %(events)s)"

INSERT_EVENT = """
INSERT INTO run_events (run_id, seq, epoch, kind, effect, attempt, body, at, hash)
VALUES (%(run_id)s, %(seq)s, %(epoch)s, %(kind)s, %(effect)s, %(attempt)s, %(body)s, %(at)s, %(hash)s)
"""

STILL_OURS = """
SELECT id FROM runs r JOIN unnest(%(run_ids)s::uuid[], %(epochs)s::bigint[]) AS g(run_id, epoch)
    ON r.id = g.run_id AND r.epoch = g.epoch
 WHERE r.status = 'running' AND r.lease_owner = %(owner)s
"""

CHECKPOINT = """
UPDATE runs r SET partial = g.partial::json
  FROM unnest(%(run_ids)s::uuid[], %(epochs)s::bigint[], %(partials)s::text[]) AS g(run_id, epoch, partial)
 WHERE r.id = g.run_id AND r.epoch = g.epoch AND r.status = 'running' AND r.lease_owner = %(owner)s
"""

LOCK = """
SELECT status, epoch, next_seq, head, lease_owner, held, lease_until < clock_timestamp() AS expired
  FROM runs WHERE id = %(run_id)s FOR UPDATE
"""

CLAIM = """
UPDATE runs SET epoch = %(epoch)s, status = 'running', lease_owner = %(owner)s,
       lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), next_seq = %(next_seq)s, head = %(head)s
 WHERE id = %(run_id)s
"""

ADVANCE = """
UPDATE runs SET next_seq = %(next_seq)s, head = %(head)s,
       status = CASE WHEN status = 'waiting' THEN 'queued' ELSE status END, held = false
 WHERE id = %(run_id)s
"""
"""A person's word lets a held run go on: else one that is cancelled would never come to its end."""

RENEW = """
UPDATE runs SET lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
 WHERE status = 'running' AND lease_owner = %(owner)s AND id = ANY(%(run_ids)s::uuid[])
RETURNING id
"""

RELEASE = """
UPDATE runs SET status = 'queued', lease_owner = NULL, lease_until = NULL
 WHERE status = 'running' AND lease_owner = %(owner)s
"""

EXPIRE = """
UPDATE runs SET lease_until = '-infinity' WHERE status = 'running' AND lease_owner = ANY(%(owners)s::text[])
"""

READ = """
SELECT seq, epoch, body::text, at, hash FROM run_events WHERE run_id = %(run_id)s AND seq > %(after)s ORDER BY seq
"""

STORED = """
SELECT seq, epoch, body::text, at, hash, kind, effect, attempt
  FROM run_events WHERE run_id = %(run_id)s ORDER BY seq
"""

READ_MANY = """
SELECT run_id, seq, epoch, body::text, at, hash FROM run_events
WHERE run_id = ANY(%(run_ids)s::uuid[]) ORDER BY run_id, seq
"""

ORPHANS = """
SELECT id, priority > 0 AS urgent FROM (
    (SELECT id, priority, 0 AS place FROM runs WHERE status = 'running' AND lease_until < clock_timestamp()
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, priority, 1 FROM runs WHERE status = 'queued' AND NOT held ORDER BY priority DESC, id LIMIT %(limit)s)
) AS orphans
 ORDER BY urgent DESC, place, priority DESC, id LIMIT %(limit)s
"""

HOLD = """
UPDATE runs SET held = %(held)s WHERE batch_id = %(batch_id)s AND status = 'queued' AND held <> %(held)s
"""

SET_ASIDE = """
UPDATE runs SET status = 'queued', lease_owner = NULL, lease_until = NULL, held = held OR %(held)s
 WHERE status IN ('queued', 'running')
"""

LET_GO_ON = """
WITH RECURSIVE below AS (
    SELECT id FROM runs WHERE id = %(run_id)s
    UNION SELECT runs.id FROM runs JOIN below ON runs.caller_run_id = below.id
)
UPDATE runs SET held = false FROM below WHERE runs.id = below.id AND held
"""
"""With the runs that its calls began: it waits for them."""

IS_OVER = """
SELECT EXISTS (SELECT FROM run_events WHERE run_id = %(run_id)s AND kind IN ('cancelled', 'ended'))
"""

APPROVALS = """
SELECT e.body::text FROM run_events e JOIN runs r ON r.id = e.run_id
 WHERE r.conversation_id = %(conversation_id)s AND e.kind = 'answered'
"""
