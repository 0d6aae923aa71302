"""The runner of table jobs: reads rows, has them scored, writes predictions exactly once.

It runs in our environment, where the `tables` extra is; models run in processes of the user's.
"""
