"""What a store forgets: where it stands, how it is taken out, the proof that nothing of it is left."""
