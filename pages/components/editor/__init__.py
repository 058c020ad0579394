"""The parts of the agent editor. Every change of a widget is saved to the draft at once."""
