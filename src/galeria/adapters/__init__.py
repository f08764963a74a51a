"""The world. Each room keeps promises of `galeria.ports`."""
