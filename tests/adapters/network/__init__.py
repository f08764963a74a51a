"""A small internet in network namespaces: real name servers, web servers and providers, and Galeria on its edge."""
