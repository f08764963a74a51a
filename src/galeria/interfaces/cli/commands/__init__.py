"""One module for each noun of the command line, or a part of one.

Each module adds its commands to the program.
"""
