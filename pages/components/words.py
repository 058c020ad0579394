"""The one place where a kind of failure becomes words: what happened, what it means, what to do now."""

from typing import NamedTuple, get_args

from core.errors import Fault, FaultKind


class Words(NamedTuple):
    """`happened` is a heading, `means` and `do` are sentences."""

    happened: str
    means: str
    do: str


_WORDS: dict[FaultKind, Words] = {
    "auth": Words(
        "The endpoint did not accept the credential",
        "The token or key is missing, wrong, expired, or not allowed to use this model.",
        "Check the token under Settings, then try again.",
    ),
    "payment_required": Words(
        "The endpoint wants to be paid first",
        "The account's free or prepaid credit is used up.",
        "Add credit at the provider, or choose another endpoint or model.",
    ),
    "not_found": Words(
        "The endpoint does not know this model",
        "The model's name or the endpoint's address is not right, or the model is not served there.",
        "Check the model in the agent's settings.",
    ),
    "rate_limited": Words(
        "The endpoint had too many requests",
        "It refused this one for now; nothing is wrong with the request.",
        "Wait a moment, then try again.",
    ),
    "model_loading": Words(
        "The model is still loading",
        "The endpoint has to start the model first.",
        "Wait a moment, then try again.",
    ),
    "bad_request": Words(
        "The endpoint refused the request",
        "Something in it does not fit this model: a parameter, a tool, or the length.",
        "Read its own words below, change the agent, then try again.",
    ),
    "server_error": Words(
        "The endpoint failed",
        "The fault is on its side. Nothing was repeated by itself.",
        "Try again; if it goes on, choose another endpoint.",
    ),
    "connection": Words(
        "The endpoint could not be reached",
        "Nothing answers at its address from here.",
        "Check the address and that the server runs, then try again.",
    ),
    "timeout": Words(
        "The endpoint took too long",
        "It was silent for longer than the limit allows.",
        "Try again; a smaller model or a shorter conversation answers faster.",
    ),
    "stream_incomplete": Words(
        "The answer broke off",
        "The connection ended before the endpoint said that it was done. What had come is shown.",
        "Try again.",
    ),
    "stream_malformed": Words(
        "The answer could not be read",
        "The endpoint sent something that is not valid in a stream. What had come before is shown.",
        "Try again; if it goes on, the server does not speak the protocol it says it does.",
    ),
    "stream_error": Words(
        "The endpoint reported an error in mid-answer",
        "What had come until then is shown.",
        "Read its own words below, then try again.",
    ),
    "empty_response": Words(
        "The model answered nothing",
        "The answer had neither text nor a tool call.",
        "Try again, or say more exactly what you want.",
    ),
    "truncated": Words(
        "The answer was cut off",
        "The model reached the highest number of tokens that it may write.",
        "Raise the limit under Model in the agent, or ask for less.",
    ),
    "content_filter": Words(
        "The endpoint held the answer back",
        "Its own filter stopped the answer.",
        "Put the question in other words, or choose another endpoint.",
    ),
    "tool_unknown": Words(
        "The model asked for a tool that it does not have",
        "Nothing was executed. The model was told.",
        "Give the agent that tool, or tell it in the instructions which ones it has.",
    ),
    "tool_args_invalid": Words(
        "The arguments do not fit the tool",
        "Nothing was executed. The model was told what is wrong with them.",
        "Often it corrects itself; else describe the tool's inputs in the instructions.",
    ),
    "tool_failed": Words(
        "The tool failed",
        "It was executed and reported an error. The model was told.",
        "Read the error; try the tool by itself under Tools.",
    ),
    "tool_drift": Words(
        "The tool is no longer what was agreed",
        "Its definition changed since it was pinned, so it was not executed.",
        "Look at the change under Tools and accept it, or remove the tool.",
    ),
    "step_limit": Words(
        "The run reached its limit of steps",
        "It stopped by itself, as the agent's limits say.",
        "Raise the limit under Limits in the agent, or ask for less at a time.",
    ),
    "token_limit": Words(
        "The run reached its limit of tokens",
        "It stopped by itself, as the agent's limits say.",
        "Raise the limit under Limits in the agent, or start a new chat.",
    ),
    "time_limit": Words(
        "The run reached its limit of time",
        "It stopped by itself, as the agent's limits say.",
        "Raise the limit under Limits in the agent, or try again.",
    ),
    "cost_limit": Words(
        "The run reached its limit of cost",
        "It stopped by itself, as the agent's limits say.",
        "Raise the limit under Limits in the agent.",
    ),
    "size_limit": Words(
        "Something was too large",
        "It is larger than the limit that protects this server.",
        "Ask for less, or raise the limit.",
    ),
    "unsupported": Words(
        "This endpoint cannot do that",
        "It lacks something that the agent asks for.",
        "Choose another endpoint or model, or turn that setting off.",
    ),
    "cancelled": Words(
        "Stopped",
        "A person stopped it. What had come until then is kept.",
        "Try again whenever you like.",
    ),
    "interrupted": Words(
        "The run was interrupted",
        "The process that worked on it ended. Everything up to then is recorded.",
        "Resume it, or try again.",
    ),
    "internal": Words(
        "Something in Aryabhatta itself went wrong",
        "This is a fault of the program. It is written in the server's log.",
        "Try again; if it goes on, report it with the run's id.",
    ),
}

assert set(_WORDS) == set(get_args(FaultKind))

_MISFIT = Words(
    "The model wrote something that is no answer",
    "It began a tool call and did not keep to its form, so its server could not read it. Small models do that. "
    "Nothing was executed, and nothing was repeated by itself.",
    "Try again; fewer tools, a lower temperature or a larger model help.",
)


def words(fault: Fault) -> Words:
    """The words for a fault, with the moment it asked for where it named one."""
    found = _MISFIT if fault.is_misfit else _WORDS[fault.kind]
    if fault.retry_after_s is None:
        return found
    return found._replace(do=f"Try again in {fault.retry_after_s:g} s: that is what the endpoint asks for.")


def kind_words(kind: FaultKind) -> str:
    """The heading alone, for lists."""
    return _WORDS[kind].happened
