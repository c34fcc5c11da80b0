"""Games for two: rules, what a net sees of them, players, matches, exact play."""
