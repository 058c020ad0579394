"""Which role each method of each service needs. What stands in no list is the operator's."""

import inspect
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Final, get_args

import msgspec

from core.domain.person import Person, Role
from core.domain.result import Err
from core.errors import NotAllowed
from core.services.run_spec import StartRun

READ: Final[dict[str, str]] = {
    "agents": "by_name export_yaml get list live_spec names next_number revision revisions spec templates",
    "gates": "releases standing trial waiting",
    "prompts": "get list versions",
    "conversations": "get list path runs",
    "endpoints": "catalogue catalogue_now choose get list look pin supports_images supports_tools told_of",
    "local_models": "catalogue file files own_files status unavailable used_by",
    "secrets": "has origin_of_token stamp",
    "tools": "get list needed_secrets stats",
    "tool_maker": "http_definition http_file http_problems preview read_http",
    "tool_sources": "get list offers progress tools",
    "api_documents": "get list of_tool",
    "mcp_sign_ins": "status",
    "attachments": "told content contents get missing of_requests of_runs",
    "own_tools": "agent_tool_name",
    "python_tools": "read written",
    "tool_samples": "get",
    "runs": "events follow get list models needing_people over_time people sent stream totals view views wait",
    "knowledge": "content document documents get list passages vector_endpoints vectors whereabouts",
    "knowledge_search": "search",
    "batches": "state",
    "variants": "resolve",
    "comparisons": "get list show",
    "retention": "mark",
    "proofs": "audits diff replay verify",
    "bundles": "export",
    "datasets": "by_name export get items list versions",
    "evaluations": "by_evaluator cells estimate get lines list not_recorded progress",
    "evaluation_reports": "cells report",
    "health": "look",
    "publishing": "offered publication published",
    "finder": "find",
    "verdicts": "of",
    "proof_desk": "check drill",
    "sign_ins": "needed",
    "shares": "list",
    "hub_tools": "is_ours",
    "space_tools": "is_ours",
}
BUILD: Final[dict[str, str]] = {
    "verdicts": "give",
    "agents": "archive create discard_draft duplicate from_template import_yaml publish restore save_draft "
    "save_revision update_details",
    "gates": "make_live set",
    "prompts": "import_file save",
    "conversations": "archive create rename",
    "endpoints": "check check_now models",
    "secrets": "names",
    "tools": "archive import_openapi keep_operations look_openapi test",
    "tool_maker": "keep keep_http",
    "tool_sources": "accept check choose remove",
    "api_documents": "accept check",
    "http_drafts": "discard finish get is_begun keep put test",
    "hub_tools": "begin discard get is_begun keep problems providers put request serving tool try_out",
    "attachments": "keep keep_made take",
    "own_tools": "keep_agent",
    "python_tools": "discard draft keep put_draft try_out",
    "tool_samples": "keep",
    "runs": "cancel resume start test_tool try_tool",
    "knowledge": "create delete delete_document put search_by_meaning update",
    "batches": "cancel pause resume",
    "decisions": "answer approve deny settle",
    "comparisons": "add_column archive bring_back change change_column create from_run make_blind move_column "
    "remove_column rename reveal save_winner set_tool_mode vote",
    "shares": "make revoke",
    "comparison_runs": "run_again send stop",
    "proofs": "fork",
    "bundles": "take_in",
    "datasets": "add_runs create edit edit_grid import_file update",
    "evaluations": "cancel judge_again pause resume start vote",
    "health": "check",
    "publishing": "publish withdraw",
    "proof_desk": "begin_check",
    "space_tools": "choose discard drift get is_begun keep look problems put tool try_out",
}
OPERATE: Final[dict[str, str]] = {
    "endpoints": "add delete set_default update",
    "local_models": "add_file cancel close delete download start stop use",
    "secrets": "delete rotate set unreadable value",
    "tool_sources": "add heard look",  # a server's command runs on this machine
    "mcp_drafts": "discard get put",
    "mcp_sign_ins": "begin finish sign_out",
    "evaluation_drive": "advance open open_runs take_up",
    "evaluation_loop": "ring start stop",
    "comparison_writes": "asked close look",
    "log_book": "files size_bytes tail",
    "backups": "last make",
    "backup_desk": "begin close delete files path progress",
    "operation": "database spent workforce",
    "publishing": "find key_of keys make_key revoke_key spend",
    "api_runs": "get start",
    "measures": "answered begin hear text",
    "document_reader": "close wake",
    "vector_maker": "close wake",
    "drill": "rows",
    "proof_desk": "begin_drill close stop_drill",
    "executor": "ask start stop submit tell",
    "people": "add by_name disable events list set_password set_role",
    "shares": "open",
    "sign_ins": "forget person sign_in sign_out who",
    "retention": "begin close policy preview progress set sweep",
    "retention_loop": "start stop",
}
_LISTS: Final[tuple[tuple[Role, dict[str, str]], ...]] = (("viewer", READ), ("builder", BUILD), ("operator", OPERATE))
_WHAT: Final[dict[Role, str]] = {
    "viewer": "Sign in first.",
    "builder": "You may look at everything here and change nothing. A builder or an operator can do this.",
    "operator": "Only an operator of this server can do this.",
}


@lru_cache(maxsize=1)
def permits() -> dict[tuple[str, str], Role]:
    """Every service with each of its methods that was decided about."""
    return {(name, method): role for role, lists in _LISTS for name, text in lists.items() for method in text.split()}


class Guarded:
    """A service in the hands of one person: it refuses what their role may not, and signs with their name."""

    def __init__(self, service: object, name: str, person: Person) -> None:
        self._service, self._name, self._person = service, name, person

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._service, method)
        if not callable(found):
            return found
        needed = permits().get((self._name, method), "operator")
        if self._person.may(needed):
            return _signed(found, self._person.name) if self._person.name else found
        return _refusing(found, _WHAT[needed])


def _signed(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Whatever name is given: what is kept is the name of whoever is signed in."""
    signature = inspect.signature(method)

    @wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        bound = signature.bind(*given, **named)
        if "who" in signature.parameters:
            bound.arguments["who"] = name
        for parameter, value in bound.arguments.items():
            if isinstance(value, StartRun):
                bound.arguments[parameter] = msgspec.structs.replace(value, who=name)
        return method(*bound.args, **bound.kwargs)

    return call


def _refusing(method: Callable[..., Any], why: str) -> Callable[..., Any]:
    """A method that hands back results refuses with one, every other raises `NotAllowed`."""
    hands_back = Err in get_args(inspect.signature(method).return_annotation)

    def call(*_given: Any, **_named: Any) -> Err:
        if hands_back:
            return Err("refused", why)
        raise NotAllowed(why)

    return call
