"""Security events in words: who did what to whom."""

from core.domain.person import SecurityEvent, SecurityKind

_WORDS: dict[SecurityKind, str] = {
    "signed_in": "{subject} signed in",
    "sign_in_failed": "A sign-in as {subject} failed",
    "signed_out": "{subject} signed out",
    "signed_out_everywhere": "{subject} signed out everywhere",
    "person_added": "{who} added {subject}",
    "role_changed": "{who} changed the role of {subject}",
    "person_disabled": "{who} shut out {subject}",
    "person_enabled": "{who} let {subject} in again",
    "password_set": "{who} set the password of {subject}",
    "secret_set": "{who} set the secret {subject}",
    "secret_deleted": "{who} deleted the secret {subject}",
    "key_rotated": "{who} changed the key of the secrets",
    "share_made": "{who} made a link to {subject}",
    "share_revoked": "{who} took back a link to {subject}",
    "api_key_made": "{who} made the API key {subject}",
    "api_key_revoked": "{who} took back the API key {subject}",
    "backup_made": "{who} made the backup {subject}",
    "retention_set": "{who} set what is kept: {subject}",
}


def sentence(event: SecurityEvent) -> str:
    """One line; the texts in it come from outside and are not escaped."""
    return _WORDS[event.kind].format(who=event.who or "Somebody at this machine", subject=event.subject)
