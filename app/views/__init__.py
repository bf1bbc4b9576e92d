"""What the window shows. A view is given values and emits intents; it edits nothing."""
