"""One file per format; ``formats`` opens them, ``explain`` says why a port has its state."""
