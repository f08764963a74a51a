"""The screens of machines in a browser.

A WebSocket carries RFB, as noVNC speaks it.
"""
