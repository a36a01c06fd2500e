"""Long-running loops, and what starts them and keeps them running."""
