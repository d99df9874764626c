"""The Gradio page. Knows how things look, and asks `qa` for everything else."""
