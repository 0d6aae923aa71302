"""The web application: what the build of `studio/` left here, served as it is."""
