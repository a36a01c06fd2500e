"""What customers of these tests send to their profile and to their saved addresses."""

PROFILE, PREFERENCES, ADDRESSES = "/api/customer/profile/", "/api/customer/preferences/", "/api/customer/addresses/"


def door(nickname="Home", **changed):
    body = {"nickname": nickname, "address_line_1": "1 Main St", "city": "New York", "state": "NY", "zip_code": "10013"}
    return body | changed


def save(house, who, nickname="Home", headers=None, **changed):
    sent = who.headers | (headers or {})
    return house.http.post(ADDRESSES, json=door(nickname, **changed), headers=sent)


def saved(house, who, nickname="Home", **changed) -> dict:
    """A new address, as it is shown."""
    answer = save(house, who, nickname, **changed)
    assert answer.status_code == 201, answer.text
    return answer.json()["address"]


def read(house, who, path=PROFILE):
    return house.http.get(path, headers=who.headers)


def etag(house, who) -> dict[str, str]:
    """If-Match for what the customer is now."""
    return {"If-Match": read(house, who, PREFERENCES).headers["etag"]}


def patch(house, who, path=PROFILE, headers=None, **told):
    sent = etag(house, who) if headers is None else headers
    return house.http.patch(path, json=told, headers=who.headers | sent)


def replace(house, who, id, headers=None, **changed):
    sent = etag(house, who) if headers is None else headers
    return house.http.put(f"{ADDRESSES}{id}/", json=door(**changed), headers=who.headers | sent)


def remove(house, who, id, **headers):
    return house.http.delete(f"{ADDRESSES}{id}/", headers=who.headers | headers)


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")
