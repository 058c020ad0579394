"""Which runs under way wait for a person, while another of their calls may go on."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_ASKING = text("""
SELECT r.id FROM runs r
 WHERE r.status = 'running' AND EXISTS (
    SELECT FROM run_events asked
     WHERE asked.run_id = r.id AND asked.kind = 'asked' AND asked.epoch = r.epoch AND NOT EXISTS (
        SELECT FROM run_events later
         WHERE later.run_id = r.id AND later.seq > asked.seq AND later.effect = asked.effect))
 ORDER BY r.id DESC LIMIT :most
""")


class InquiryRepository:
    """Read only: the questions themselves stand in the journal."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def asking(self, most: int) -> list[UUID]:
        """Running runs whose newest word of some call is a question, newest run first."""
        return [row[0] for row in self._session.execute(_ASKING, {"most": most})]
