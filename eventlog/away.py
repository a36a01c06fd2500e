"""How it shows that Postgres cannot be reached, from whichever layer it comes: try again later."""

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError

POSTGRES_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)
