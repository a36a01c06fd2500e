"""History: append, read, publish in order, and keep what is personal under lock and key."""
