"""Work in regions that other processes serve.

Here belongs how it is asked for and waited for; what is done there is the same function as at home.
"""
