"""What nets do, as rows: sweeps, decisions, dynamics, what is inside. It takes nets and puzzles, and knows no runs."""
