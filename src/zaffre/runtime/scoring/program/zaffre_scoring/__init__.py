"""What runs inside a scoring worker: standard library only, Python 3.8 and later."""
