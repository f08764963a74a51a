"""Long work, in steps that survive a crash. One file, one story; each step decides itself whether it has work."""
