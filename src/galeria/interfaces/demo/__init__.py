"""The demonstration on one host: three people, two regions, real machines.

It uses the product only through its public interfaces.
"""
