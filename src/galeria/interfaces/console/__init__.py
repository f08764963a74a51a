"""The screens of machines for browsers: a WebSocket that carries RFB, for noVNC."""
