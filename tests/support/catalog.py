"""A database's schema in words, as Postgres itself tells it, to compare two databases."""

from sqlalchemy import Connection, text

_QUESTIONS = {
    "column": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attnotnull THEN 'NOT NULL' ELSE 'NULL' END, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'""",
    "constraint": """
        SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "index": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}
_TRIGGERS = """
    SELECT tgrelid::regclass, tgname, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal
    UNION ALL SELECT NULL, proname, pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE pg_depend.objid = pg_proc.oid AND deptype = 'e')"""


def tables(connection: Connection) -> set[str]:
    """One line for each column, constraint and index, Alembic's own table left out."""
    lines = {
        " ".join([kind, *(str(part) for part in row)])
        for kind, question in _QUESTIONS.items()
        for row in connection.execute(text(question))
    }
    return {line for line in lines if "alembic_version" not in line}


def triggers(connection: Connection) -> set[str]:
    """One line for each trigger and function, those of extensions left out."""
    return {" ".join(str(part) for part in row) for row in connection.execute(text(_TRIGGERS))}
