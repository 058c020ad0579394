"""Which arguments of a tool name files."""

from core.domain.tool import ToolSpec
from core.tools.files import Medium
from core.tools.hub.definition import definition_of, is_space
from core.tools.hub.space import definition_of as space_definition
from core.tools.hub.tasks import task_named


def media_of(tool: ToolSpec) -> dict[str, Medium]:
    """The arguments of a tool that name files, and what each file has to be."""
    if tool.kind != "hf":
        return {}
    if is_space(tool):
        endpoint = space_definition(tool).endpoint
        options = endpoint.inputs if endpoint else ()
    else:
        task = task_named(definition_of(tool).task)
        options = task.options if task else ()
    told = tool.parameters["properties"]
    return {one.name: one.medium for one in options if one.medium and one.name in told}
