"""Routes beside the screens: a run's live feed, health, login."""
