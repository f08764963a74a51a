"""What a server answers: its API and its pages, with thousands of labs and image versions in the database."""
