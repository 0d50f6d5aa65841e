"""What a person sees in Prefect's pages: progress that moves, tables, the curve of the loss, links."""
