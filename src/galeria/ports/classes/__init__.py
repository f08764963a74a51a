"""What a class needs of the database besides its lab. That is times and use, students' work, messages, hands and watchers."""
