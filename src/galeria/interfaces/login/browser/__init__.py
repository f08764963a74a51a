"""The pages of sign-in for programs: the form, the device code, and their texts.

They are rendered without scripts.
"""
