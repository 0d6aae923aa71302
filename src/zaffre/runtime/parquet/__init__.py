"""Rows of Parquet files as lines of JSON: a program of its own, with pyarrow."""
