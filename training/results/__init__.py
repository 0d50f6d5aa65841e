"""What a run is worth and what becomes of it: figures on held-out text, a report, Hugging Face folders with cards."""
