"""The program that runs one job: its inputs, process tree, log, outputs and true end."""
