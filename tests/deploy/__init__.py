"""What is given away (wheel, Debian package, container) is built and started."""
