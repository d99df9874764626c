"""One module per format: bytes become what a file says. They know nothing of libraries."""
