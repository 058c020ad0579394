"""Tools made of what is here already: an agent that others may call."""

import re
from uuid import UUID

from core.domain.result import Err, Result
from core.domain.tool import NAME_PATTERN
from core.services.agents import AgentService
from core.services.tool_maker import KeptTool, ToolMaker
from core.tools.agent.definition import tool_of
from core.tools.naming import Names


class OwnTools:
    """Makes them, and keeps them as the maker keeps all tools."""

    def __init__(self, agents: AgentService, maker: ToolMaker) -> None:
        self._agents, self._maker = agents, maker

    def agent_tool_name(self, agent_name: str) -> str:
        """What the tool of an agent is called when nobody says otherwise."""
        return Names("ask_").take(agent_name.lower())

    def keep_agent(
        self, agent_id: UUID, who: str, *, name: str = "", description: str = "", is_new: bool = False
    ) -> Result[KeptTool]:
        """Make an agent a tool that others may call; what is not given is told of the agent itself."""
        agent = self._agents.get(agent_id)
        if agent is None:
            return Err("not_found", "There is no such agent.", "agent")
        legal = name.strip() or self.agent_tool_name(agent.name)
        if not re.fullmatch(NAME_PATTERN, legal):
            return Err("invalid", "The name has 1 to 64 letters, digits, hyphens and underscores.", "name")
        said = description.strip() or agent.description or f"Ask the agent {agent.name} to do something."
        return self._maker.keep(tool_of(legal, said, agent, self._agents.live_spec(agent)), who, is_new=is_new)
