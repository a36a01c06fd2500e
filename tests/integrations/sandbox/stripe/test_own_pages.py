"""What docs/sandbox.md and the overview of the sandbox say is there: cards, switches, addresses, each with its call."""

import re
import shlex
from string import Template

import msgspec
import pytest

from docs.generate import DOCS
from integrations.sandbox.stripe import app, cards
from integrations.sandbox.stripe.faults import Faults, WebhookFaults
from tests.integrations.sandbox.stripe.test_app import open_intent
from tests.integrations.stripe_account import SHOP

PAGE = (DOCS / "sandbox.md").read_text()
OWN = [route.path for route in app.routes(None, lambda: None) if route.path.startswith("/sandbox/")]
LATER = {"succeeded": "pays; refunds are pending, and succeed after an hour",
         "failed": "pays; refunds succeed, and fail after an hour"}  # fmt: skip


def does(card) -> str:
    if card.asks:
        return "asks for 3-D Secure"
    if card.code:
        return f"is declined: `{card.decline_code}`"
    return "pays, and the payer's bank disputes it at once" if card.is_disputed else LATER.get(card.later, "pays")


def curls() -> list[str]:
    return re.findall(r"^curl -s (\$STRIPE/sandbox/.*)$", PAGE, re.M)


def test_every_card_is_told_with_its_names_and_what_it_does():
    told = re.findall(r"^\| (\d+) \| (.*) \| (.*) \|$", PAGE, re.M)
    names = [", ".join(f"`{token}`" for token in card.tokens) for card in cards.CARDS]
    assert told == [(card.number, names[n], does(card)) for n, card in enumerate(cards.CARDS)]


def test_every_switch_is_told():
    told = {name for line in re.findall(r"^\| (`.*?`) \|", PAGE, re.M) for name in re.findall(r"`(\S+)`", line)}
    switches = {field.name for field in msgspec.structs.fields(Faults)} - {"webhooks"}
    assert told == switches | {f"webhooks.{field.name}" for field in msgspec.structs.fields(WebhookFaults)}


@pytest.mark.parametrize("path", OWN)
def test_every_address_is_told(sandbox, path):
    overview = sandbox.http.get("/")
    assert overview.status_code == 200
    assert f"\n{path}\n    " in overview.text
    named = re.compile(r"\$STRIPE" + path.replace("{id}", r"\$(PI|RE|DU)") + "( |$)")
    assert [line for line in curls() if named.match(line)]


def test_the_calls_of_the_page_can_be_made_in_turn(own_sandbox):
    ids = {"STRIPE": "", "PI": open_intent(own_sandbox)}
    asked = {"payment_method": "pm_card_threeDSecure2Required", "return_url": SHOP}
    own_sandbox.call("POST", f"payment_intents/{ids['PI']}/confirm", data=asked)
    for line in curls():
        address, *data = shlex.split(Template(line).substitute(ids), comments=True)
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = (
            own_sandbox.http.post(address, content=data[1], headers=form) if data else own_sandbox.http.get(address)
        )
        assert answer.status_code in (200, 303), (line, answer.text)
        made = answer.json().get("id", "") if answer.status_code == 200 else ""
        ids |= {"RE": made} if made.startswith("re_") else {"DU": made} if made.startswith("du_") else {}
    [told] = own_sandbox.ledger()
    assert (told["refunds"][0]["status"], told["disputes"][0]["status"]) == ("failed", "lost")
