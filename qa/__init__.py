"""A question becomes a checked, cited answer. Knows neither Gradio nor Chroma."""
