"""Documents become passages that can be searched and cited. Knows nothing of chat."""
