"""The server as somebody sees it who means harm."""
