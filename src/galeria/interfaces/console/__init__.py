"""The screens of machines for browsers: a WebSocket that carries RFB, as noVNC speaks it."""
