"""Nets for any problem."""
