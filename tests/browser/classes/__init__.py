"""A class, walked in a browser by an educator and students on real machines."""
