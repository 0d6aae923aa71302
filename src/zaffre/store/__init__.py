"""Memory: built-in persistence."""
