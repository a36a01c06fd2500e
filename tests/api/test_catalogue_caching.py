"""What anybody keeps of the catalogue is asked for again: unchanged it costs no body, changed it comes."""

import pytest
from msgspec.structs import replace

from commands.catalog import catalog_ref
from domain import catalog
from domain.selection import Tier
from tests.api.booking_desk import shared_house
from tests.samples import note

PUBLIC = "/api/public/services/"
PATHS = ["", "mini-moves-with-organizing/", "organizing-by-tier/", "organizing/{id}/"]


@pytest.fixture(scope="module")
def house(server):
    with shared_house(server) as house:
        yield house


def get(house, path, known=None):
    [id, *_] = [one["id"] for one in house.http.get(PUBLIC).json()["organizing_services"]]
    headers = {"If-None-Match": known} if known else {}
    return house.http.get(PUBLIC + path.format(id=id), headers=headers)


def offer(house, entry):
    house.store.append([catalog_ref()], lambda shelf: [catalog.offer(shelf, entry)], note())


@pytest.mark.parametrize("path", PATHS)
def test_who_has_it_already_gets_no_body(house, path):
    first = get(house, path)
    assert first.headers["cache-control"] == "public, no-cache"
    for known in (first.headers["etag"], f"W/{first.headers['etag']}", f'"other", {first.headers["etag"]}', "*"):
        again = get(house, path, known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == "public, no-cache"
    assert get(house, path, '"other"').json() == first.json()


@pytest.mark.parametrize("path", PATHS)
def test_a_change_is_seen_by_whoever_asks_again(house, path):
    known = get(house, path).headers["etag"]
    shelf = house.store.load(catalog_ref()).state
    for service in shelf.organizing.values():
        offer(house, replace(service, price_cents=service.price_cents + 100))
    changed = get(house, path, known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != known


def test_what_is_withdrawn_is_gone_for_caches_too(house):
    petite = house.store.load(catalog_ref()).state.mini_moves[Tier.PETITE]
    known = get(house, "").headers["etag"]
    offer(house, replace(petite, is_active=False))
    answer = get(house, "", known)
    assert "petite" not in [one["package_type"] for one in answer.json()["mini_move_packages"]]
    missing = house.http.get(f"{PUBLIC}organizing/nothing/")
    assert (missing.status_code, missing.headers["cache-control"], "etag" in missing.headers) == (
        404,
        "no-store",
        False,
    )
