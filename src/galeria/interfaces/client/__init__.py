"""The REST door seen from outside: what the command line, the demonstration and scripts in Python talk through."""
