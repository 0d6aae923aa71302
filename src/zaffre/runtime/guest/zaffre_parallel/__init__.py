"""The runner of parallel steps. Python 3.8 and newer; pandas only where tables are read."""
