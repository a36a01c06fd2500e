"""Clients of the outside world and the servers we bring along: they carry out, they decide nothing."""
