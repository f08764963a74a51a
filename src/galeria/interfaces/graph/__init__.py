"""The little of a directory that Azure's clients ask for: they give roles by name and show the names of who has them."""
