"""The read side: each read model is one file of tables, how events change them, and how they are asked."""
