"""Files from outside, stored under their upload's id, and recognised by their content alone."""
