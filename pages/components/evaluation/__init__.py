"""What the screens of evaluations draw."""
