"""The steps from one form of the database to the next. Applied ones are never edited."""
