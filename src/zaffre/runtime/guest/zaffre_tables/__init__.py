"""The scoring end of table jobs. Python 3.8 and newer; numpy, and what the model needs."""
