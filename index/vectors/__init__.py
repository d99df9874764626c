"""Where vectors are kept: a Chroma collection, in the data folder or on a server."""
