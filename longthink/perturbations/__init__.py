"""What may be done to a net while it thinks, to see whether it recovers."""
