"""The whole story on one host, told through the product's own doors: three people, two regions, real machines."""
