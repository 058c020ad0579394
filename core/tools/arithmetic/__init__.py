"""Exact arithmetic on what people and models write: no rounding unless it is said."""
