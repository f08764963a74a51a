"""Small servers that tests start themselves, and the ports for them. They listen on the loopback."""
