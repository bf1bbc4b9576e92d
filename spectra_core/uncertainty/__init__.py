"""How well a number is known: covariance, profiles, Monte Carlo, variants, ratios with budgets."""
