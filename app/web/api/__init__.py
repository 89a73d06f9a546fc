"""The API for researchers' programs: all that the pages do, by token, as JSON."""
