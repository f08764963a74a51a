"""Uploads of files by tus 1.0.0, which clients resume after an interruption.

What is in a file is judged by `adapters.files`.
"""
