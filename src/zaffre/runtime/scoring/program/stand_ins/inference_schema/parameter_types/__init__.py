"""Types of parameters, each made of a sample."""
