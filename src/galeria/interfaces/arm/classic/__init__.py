"""The Lab Services API of 2018: the same lab accounts, labs and machines in its words and shapes.

It calls the same actions as `labs`.
"""
