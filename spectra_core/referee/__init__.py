"""What a good referee says about a fit: rules, ties between levels, residuals, alternatives."""
