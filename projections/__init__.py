"""What each view knows: the fold of events into rows, pure."""
