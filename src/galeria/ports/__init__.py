"""The promises, in words. Adapters keep them, actions and workflows rely on them; each port has one contract suite."""
