"""One module for each noun of the command line, or a part of one.

Each adds its commands to the program.
"""
