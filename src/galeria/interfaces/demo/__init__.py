"""A demonstration of all features on one host through the public interfaces: three people, two regions, real machines."""
