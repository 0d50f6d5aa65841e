"""Documents → tokenizer → packed tokens → rows."""
