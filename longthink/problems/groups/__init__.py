"""Finite groups: products of their elements, and how nets learn them (Marchetti et al. 2026)."""
