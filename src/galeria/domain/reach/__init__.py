"""How people reach the server and the machines of labs. The settings of the server are here, and what the relay is told."""
