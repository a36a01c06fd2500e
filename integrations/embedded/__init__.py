"""A real Postgres and a real Kafka broker from packages, for machines that have neither."""
