"""`python -m galeria` is the command `galeria`."""

from galeria.bootstrap import cli

if __name__ == "__main__":
    cli()
