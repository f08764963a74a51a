"""The hardware of a lab's machines: chosen at first, changed where a guest cannot drive it, and remembered.

Which hardware fits an image is decided in the domain; here stands when it is asked, and what is done where it was wrong.
"""
