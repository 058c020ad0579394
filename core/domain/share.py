"""A link under which one conversation can be read without signing in."""

from datetime import datetime
from uuid import UUID

import msgspec


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """It shows the conversation as far as it was when the link was made: up to the run `leaf_run_id`."""

    id: UUID
    conversation_id: UUID
    leaf_run_id: UUID
    created_by: str = ""
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""
