"""Work on students' machines: the revisions that they are made from, making and removing them, and their first start."""
