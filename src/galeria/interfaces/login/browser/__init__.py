"""The pages that people meet while a program signs in: the form, the device code, their texts.

Rendered here, without scripts.
"""
