"""Logging in over HTTP, as tests do it for customers and staff alike."""

from tests.api.house import PASSWORD

MAIL = "ada@example.com"
COOKIES = {"customer": "totetaxi_session", "staff": "totetaxi_staff"}
AREAS = sorted(COOKIES)


def enter(house, area):
    return house.customer(MAIL) if area == "customer" else house.log_in_staff(mail=MAIL)


def log_in(house, area, mail=MAIL, password=PASSWORD, headers=None):
    body = {"email": mail, "password": password}
    return house.http.post(f"/api/{area}/auth/login/", json=body, headers=headers)


def is_in(house, area, headers=None) -> bool:
    answer = house.http.get(f"/api/{area}/auth/user/", headers=headers)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def told(answer) -> tuple:
    """All that a guesser sees."""
    return answer.status_code, answer.json() | {"request_id": ""}, "set-cookie" in answer.headers


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
