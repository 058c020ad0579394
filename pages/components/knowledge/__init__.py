"""The parts of the Knowledge screen."""
