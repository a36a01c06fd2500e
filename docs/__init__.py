"""The documentation; some of its pages are generated from the code, and a test compares."""
