"""Every few seconds: look at the world, make it match. No memory of their own; the next round is the retry."""
