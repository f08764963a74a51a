"""The part of Microsoft Graph that Azure's clients ask for when they give roles by name and list who has them.

It reads people and programs and changes nothing.
"""
