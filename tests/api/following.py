"""The links of the document followed: from a new booking on, in an order that is drawn."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from schemathesis.core import NOT_SET
from schemathesis.generation.stateful.state_machine import StepOutput
from schemathesis.specs.openapi.stateful import collect_transitions

from tests.api.trying import Trial

STEPS = 9


class Journeys:
    """Each begins with one operation; then any link of any answer so far is taken, again and again."""

    def __init__(self, trial: Trial):
        self.trial, self.taken = trial, set()
        self.operations = {one.label: one for one in trial.operations()}
        self.links = collect_transitions(list(self.operations.values())).operations

    def go(self, start: str, times: int) -> None:
        """So many journeys."""
        bodies = self.trial.samples(self.operations[start]) or [None]

        def went(body: Any, picks: list[int]) -> None:
            open_links = self.after(self.trial.example(self.operations[start], body))
            for pick in picks:
                if open_links:
                    open_links += self.along(*open_links[pick % len(open_links)])

        picks = st.lists(st.integers(0, 99), min_size=STEPS, max_size=STEPS)
        self.trial.run(times, given(st.sampled_from(bodies), picks)(went))

    def after(self, case: Any) -> list[tuple[Any, StepOutput]]:
        """The links that the answer to the case offers, each with where it comes from."""
        self.trial.follow(case.operation)
        answer = self.trial.send(case)
        offered = self.links[case.operation.label].outgoing if case.operation.label in self.links else ()
        return [(link, StepOutput(answer, case)) for link in offered if link.status_code == str(answer.status_code)]

    def along(self, link: Any, came: StepOutput) -> list[tuple[Any, StepOutput]]:
        """What is offered after the link was taken; nothing where the answer lacks a value that it needs."""
        told = link.extract(came)
        found = {
            where: {name: one.value.ok() for name, one in those.items()} for where, those in told.parameters.items()
        }
        body = told.request_body.value.ok() if told.request_body else NOT_SET
        if any(not isinstance(value, str) for those in found.values() for value in those.values()):
            return []
        if isinstance(body, dict) and any(not isinstance(value, str) for value in body.values()):
            return []
        self.taken.add(f"{link.source.label} {link.name}")
        media = {} if body is NOT_SET else {"body": self.trial.now(body), "media_type": "application/json"}
        return self.after(link.target.Case(**found, **media))
