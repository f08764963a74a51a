"""Fake engine, image cache and screen, which keep the promises of the ports without virtual machines.

They serve fast tests and `galeria serve --fake`.
"""
