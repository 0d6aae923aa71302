"""The server on a machine where things break."""
