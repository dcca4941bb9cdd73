"""Portfolios to live through: a simulated one that the project contains, and one that is read from a file."""
