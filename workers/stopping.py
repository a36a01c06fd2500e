"""SIGTERM and Ctrl-C: a clean stop, whatever the process is doing at that moment."""

import signal
from collections.abc import Callable
from threading import Thread


def on_stop(stop: Callable[[], None]) -> None:
    """Has `stop` called at SIGTERM or Ctrl-C; to be asked for in the main thread.

    In a thread of its own: a handler interrupts the main thread anywhere, also inside `Event.wait` with the event's
    lock in its hands, and an `Event.set` of the handler would wait for that lock for ever.
    """
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: Thread(target=stop).start())
