"""The parts of the comparison screen."""
