"""Looking inside a net: what a layer sees, and the pictures that excite it (visualization, activation_maximization)."""
