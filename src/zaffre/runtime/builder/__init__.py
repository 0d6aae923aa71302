"""The program that builds one environment: `python -m zaffre.runtime.builder FOLDER`."""
