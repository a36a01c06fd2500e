"""The REST API: what may be asked over HTTP, by whom, and how it is answered."""
