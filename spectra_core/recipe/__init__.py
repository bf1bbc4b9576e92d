"""What is done to spectra, as a text: its schema, its models, its reference, presets."""
