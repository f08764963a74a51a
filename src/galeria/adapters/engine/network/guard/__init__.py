"""The guard, a process of its own. It holds the packet filter's rules, and answers the machines' questions for names."""
