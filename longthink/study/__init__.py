"""Experiments on many trained nets: evaluators, claims, pages."""
