"""Values: pure, frozen, equal by content. No clock, dice, disk or network in here."""
