"""`cowese doctor`: what is wrong with this installation and this store, and the remedy of each."""
