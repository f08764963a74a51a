"""The client against a small server of the tests' own that speaks the shapes and can be made to misbehave."""
