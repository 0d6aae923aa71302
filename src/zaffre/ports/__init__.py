"""Sockets: what the services need of the outside, as protocols."""
