"""Names that published notebooks import from here."""
