"""People, what each may do, and the list of what matters for security."""

from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

Role = Literal["viewer", "builder", "operator"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Each may do what those before it may."""
SecurityKind = Literal[
    "signed_in",
    "sign_in_failed",
    "signed_out",
    "signed_out_everywhere",
    "person_added",
    "role_changed",
    "person_disabled",
    "person_enabled",
    "password_set",
    "secret_set",
    "secret_deleted",
    "key_rotated",
    "share_made",
    "share_revoked",
    "api_key_made",
    "api_key_revoked",
    "backup_made",
    "retention_set",
]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in, or whoever sits at this machine."""

    name: str
    role: Role
    id: UUID | None = None
    """None: on a server without people, where one password, or none, is for all."""
    disabled: bool = False
    has_password: bool = False
    created_by: str = ""
    created_at: datetime | None = None
    signed_in_at: datetime | None = None
    """The newest of the places where this person is signed in."""

    def may(self, role: Role) -> bool:
        return not self.disabled and ROLES.index(self.role) >= ROLES.index(role)


AT_THIS_MACHINE: Final = Person(name="", role="operator")
"""A server that only this machine reaches asks nobody for a name."""


class SecurityEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of security events. `subject` is who or what it happened to."""

    id: UUID
    at: datetime
    kind: SecurityKind
    who: str = ""
    subject: str = ""
    detail: str = ""
    address: str = ""
    """From where, for a sign-in; empty otherwise."""
