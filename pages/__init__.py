"""The screens: each is a script of widgets, one service call and one match."""
