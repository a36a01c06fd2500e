"""Measurements, each a command; and the simulator, a client like any other."""
