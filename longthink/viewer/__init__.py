"""Nets for others to run: exported as graphs."""
