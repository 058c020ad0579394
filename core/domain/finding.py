"""What the finder finds: a thing of any kind, in one line."""

from typing import Literal

import msgspec

FoundKind = Literal["agent", "conversation", "run", "system prompt", "user prompt", "tool", "dataset", "collection"]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is its id, or its name where a name is what it goes by. `title` and `detail` are text, never markup."""

    kind: FoundKind
    key: str
    title: str
    detail: str = ""
