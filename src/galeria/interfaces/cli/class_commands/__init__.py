"""Commands for a class: the people of a lab.

Those of labs, machines and images are in `commands`.
"""
