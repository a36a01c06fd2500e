"""Stand-ins for outside services that speak their real protocol; absent in production."""
