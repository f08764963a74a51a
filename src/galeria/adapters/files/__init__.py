"""Files from outside: kept under their upload's id, judged by their content alone, read as exactly what they are."""
