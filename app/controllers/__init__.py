"""What a click means: a controller turns the views' intents into edits of the document, or jobs."""
