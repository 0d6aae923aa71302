"""Proofs: each port's promises as tests to inherit, and fakes."""
