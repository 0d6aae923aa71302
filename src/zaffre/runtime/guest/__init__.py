"""What a job's interpreter finds of Zaffre where it is not installed: a folder in `PYTHONPATH`."""
