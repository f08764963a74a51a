"""What the engine does to the disks of machines that are off."""
