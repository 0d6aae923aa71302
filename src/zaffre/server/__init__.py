"""Assembly: settings, wiring, loops."""
