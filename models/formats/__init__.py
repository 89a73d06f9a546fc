"""Checkpoint files of every kind we know, read as data; one file a format."""
