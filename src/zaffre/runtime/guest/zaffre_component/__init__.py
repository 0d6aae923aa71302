"""Calls the function that a component is. Standard library only, for every Python since 3.8."""
