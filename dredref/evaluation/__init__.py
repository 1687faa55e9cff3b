"""What each way of making losses good is worth: systems, played streams, scores."""
