"""Ratings in, everything that a paper needs out."""

VERSION = "8"
