"""The command `totetaxi`: a table of commands, each a function that is imported when it is called."""

import argparse
import os
import select
import sys
from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from typing import NamedTuple
from uuid import UUID

from integrations.embedded.child import CannotStart
from settings import BadSettings


class Command(NamedTuple):
    """`function` is module:name, takes the parsed arguments, answers the exit code or None.

    Of its arguments `--flag=default` takes a value, `--flag` none, `name` is needed; behind `:` stands which of KINDS.
    """

    words: str
    function: str
    help: str
    arguments: Sequence[str] = ()


def whole_number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


def day(text: str) -> date:
    return date.fromisoformat(text)


KINDS = {"count": whole_number, "position": whole_number, "rate": float, "key": UUID, "job": whole_number, "day": day}
COMMANDS = (
    Command("run", "workers.local:run", "everything on this machine, until Ctrl-C",
            ("--port=8000", "--data=.dev", "--kafka")),
    Command("api", "workers.processes:api", "serve the REST API"),
    Command("relay", "workers.processes:relay", "publish the log to Kafka"),
    Command("projector", "workers.processes:projector", "keep the read models up to date"),
    Command("reactions", "workers.processes:reactions", "turn events into what follows from them"),
    Command("jobs", "workers.processes:jobs", "do the jobs that reactions ask for"),
    Command("stripe-sandbox", "workers.processes:stripe_sandbox", "a stand-in for Stripe", ("--port=12111",)),
    Command("kafka", "workers.processes:kafka", "a broker alone", ("--data=.dev/kafka", "--port=")),
    Command("migrate", "workers.upkeep:migrate", "bring the database to this version's schema"),
    Command("seed", "workers.upkeep:seed", "fill the catalogue with what the house offers; what is there stays"),
    Command("staff create", "workers.upkeep:create_staff", "an account for staff; asks for the password",
            ("mail", "--role=")),
    Command("customer forget", "workers.upkeep:forget_person", "close an account, and forget whose mail it is",
            ("mail",)),
    Command("person forget", "workers.upkeep:forget_person", "make a person's data unreadable for ever", ("mail",)),
    Command("person forgotten", "workers.upkeep:show_forgotten", "the destroyed keys, to be kept beside backups"),
    Command("person forget-again", "workers.upkeep:forget_again", "after a restore: destroy them again, from it"),
    Command("vault rewrap", "workers.upkeep:rewrap", "wrap all keys of persons by the first master key"),
    Command("wipe", "workers.upkeep:wipe", "empty the database for good"),
    Command("booking show", "workers.inspecting:show_booking", "a booking as it is, or was at an instant or version",
            ("number", "--as-of=")),
    Command("events tail", "workers.inspecting:tail_events", "the log, a line for each event, personal data sealed",
            ("--after:position=", "--follow")),
    Command("audit verify", "workers.inspecting:verify_audit", "whether the audit log is as it was written"),
    Command("ledger", "workers.ledger:ledger", "the books by day in double entry, and whether they balance",
            ("--from:day=", "--to:day=", "--json")),
    Command("reconcile", "workers.reconciling:main", "compare our record of money with Stripe's, mend what was missed",
            ("--days:count=", "--all")),
    Command("verify", "workers.read_models:verify", "check the log, the read models and Kafka against each other"),
    Command("projections list", "workers.read_models:show_all", "the read models: how far, how late, what is parked"),
    Command("projections parked", "workers.read_models:show_parked", "keys that could not be projected, and why"),
    Command("projections rebuild", "workers.read_models:rebuild", "build anew beside the live one, compare, switch",
            ("name", "--accept-difference")),
    Command("projections rollback", "workers.read_models:rollback", "bring back the one before the switch", ("name",)),
    Command("projections retry", "workers.read_models:retry", "project a parked key again", ("name", "key:key")),
    Command("projections skip", "workers.read_models:skip", "leave out what waits of a parked key",
            ("name", "key:key")),
    Command("work due", "workers.waiting_work:show_due", "timers, and jobs that are tried again, the soonest first"),
    Command("work parked", "workers.waiting_work:show_parked", "jobs that were given up after their tries"),
    Command("work retry", "workers.waiting_work:retry", "have such a job tried again", ("id:job",)),
    Command("simulate", "bench.simulator:main", "book as clients do, then compare read models with an own count",
            ("--bookings:count=100", "--rate:rate=0", "--url=", "--staff=", "--every-history")),
    Command("docs", "docs.generate:main", "write the generated pages of docs/"),
)  # fmt: skip


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0, 1 when what was looked for is not so, 2 when the command cannot be carried out."""
    asked = parser().parse_args(words)
    try:
        return load(asked.function)(asked) or 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return 0
        if not (text := told(error)):
            raise
        print(f"totetaxi: {text}", file=sys.stderr)
        return 2


def told(error: Exception) -> str:
    """What is said of an error that its reader can do something about; nothing of any other."""
    from domain import Refused
    from eventlog.away import POSTGRES_AWAY

    if isinstance(error, BadSettings | CannotStart | Refused):
        return str(error)
    return f"the database can't be reached: {error}" if isinstance(error, POSTGRES_AWAY) else ""


def _nobody_reads() -> bool:
    """Whether it is our own output that broke: a `head` behind us has seen enough. What is left of it goes nowhere."""
    output, looking = sys.stdout.fileno(), select.poll()
    looking.register(output, 0)  # errors are told in any case
    if not looking.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return True


def load(function: str) -> Callable[[argparse.Namespace], int | None]:
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="totetaxi", description="ToteTaxi's booking platform.")
    groups = {"": top.add_subparsers(required=True, metavar="COMMAND")}
    for command in COMMANDS:
        group, _, word = command.words.rpartition(" ")
        if group not in groups:
            words = [other.words.split()[1] for other in COMMANDS if other.words.startswith(f"{group} ")]
            outer = groups[""].add_parser(group, help=", ".join(words))
            groups[group] = outer.add_subparsers(required=True, metavar="COMMAND")
        one = groups[group].add_parser(word, help=command.help, description=command.help)
        one.set_defaults(function=command.function)
        for argument in command.arguments:
            _take(one, argument)
    return top


def _take(one: argparse.ArgumentParser, argument: str) -> None:
    word, has_default, default = argument.partition("=")
    name, _, kind = word.partition(":")
    typed = {"type": KINDS[kind], "metavar": kind.upper()} if kind else {}
    if has_default:
        none = None if kind else ""
        one.add_argument(name, default=default or none, help=default and f"default {default}", **typed)
    elif name.startswith("--"):
        one.add_argument(name, action="store_true")
    else:
        one.add_argument(name, **typed)


if __name__ == "__main__":
    sys.exit(main())
