"""The page with the letters: harmless whatever stands in them, and absent in production."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from api.app import create, policies
from integrations.inbox import inbox_in
from integrations.mail import Letter
from settings import Settings
from tests.api.house import ENV, open_house

HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(1)> javascript:alert(1)"
LINK = "http://127.0.0.1:8000/verify-email?token=a-b_c"
LIVE = {
    "TOTETAXI_ENV": "production",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_1",
    "TOTETAXI_STRIPE_API_URL": "",
    "TOTETAXI_RATE_LIMITS": "on",
    "TOTETAXI_IDENTITY_KEY": "i" * 32,
    "TOTETAXI_BASE_URL": "https://totetaxi.example",
    "ALLOWED_HOSTS": "totetaxi.example",
}


def letter(n, to="ada@example.com", text="Hello\n"):
    return Letter(str(n), to, f"Letter {n}", text, "<p>Hello</p>")


@pytest.fixture
def data(tmp_path):
    return tmp_path


@pytest.fixture
def trial(database, data):
    with open_house(database, TOTETAXI_DATA=str(data)) as house:
        yield house


def posted(data, *letters):
    for each in letters:
        inbox_in(data).send(each)


def page(house, path="/dev/inbox"):
    answer = house.http.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def told(house, **asked):
    return house.http.get("/dev/inbox/letters/", params=asked).json()["letters"]


def test_an_inbox_without_letters_says_so(trial):
    assert "Nobody has been written to yet." in page(trial)
    assert told(trial) == []


@pytest.mark.parametrize("path", ["/dev/inbox", "/dev/inbox/"])
def test_the_page_shows_the_newest_letter_first(trial, data, path):
    posted(data, letter(1), letter(2), letter(3, "bob@example.com"))
    assert re.findall(r"<h2>(.*?)</h2>", page(trial, path)) == ["Letter 3", "Letter 2", "Letter 1"]
    assert "to bob@example.com" in page(trial, path)


def test_scripts_and_tests_find_the_letters_of_somebody(trial, data):
    posted(data, letter(1), letter(2, "bob@example.com"))
    [found] = told(trial, to="Ada@Example.com ")
    assert found | {"sent_at": ""} == {"to": "ada@example.com", "subject": "Letter 1", "text": "Hello\n", "sent_at": ""}
    assert [each["to"] for each in told(trial)] == ["bob@example.com", "ada@example.com"]


def test_the_links_of_a_letter_can_be_followed(trial, data):
    posted(data, letter(1, text=f"Here:\n\n{LINK}\n\nThank you & goodbye\n"))
    assert f'\n\n<a href="{LINK}">{LINK}</a>\n\nThank you &amp; goodbye\n' in page(trial)


def test_what_stands_in_a_letter_does_nothing(trial, data):
    posted(data, letter(1, text=HOSTILE)._replace(subject=HOSTILE))
    shown = page(trial)
    assert set(re.findall(r"<(\w+)", shown)) == {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "article", "p", "time", "pre"}  # fmt: skip
    assert "&lt;script&gt;" in shown


def test_an_address_in_a_letter_ends_before_what_would_leave_the_link(trial, data):
    posted(data, letter(1, text='http://evil.example/"onclick="alert(1) http://a.example/<b>\n'))
    assert re.findall(r"<a (.*?)>", page(trial)) == ['href="http://evil.example/"', 'href="http://a.example/"']


def test_the_page_is_allowed_its_own_style_and_nothing_else(trial):
    answer = trial.http.get("/dev/inbox")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)[1]
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"].split("; ")[:2] == [
        "default-src 'none'",
        f"style-src 'sha256-{allowed}'",
    ]


def test_a_question_that_does_not_belong_there_is_refused(trial):
    assert trial.http.get("/dev/inbox/letters/?from=bob").status_code == 422


def test_there_is_no_inbox_in_production():
    def inboxes(env):
        app = create(Settings.from_env(ENV | {"DATABASE_URL": "postgresql://127.0.0.1:1/none"} | env))
        return [route for route in policies(app) if "/dev/" in route]

    assert len(inboxes({})) == 3
    assert inboxes(LIVE) == []
