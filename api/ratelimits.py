"""Token buckets, an upsert each: so many calls a minute for an address or a user, then 429 until a token has grown."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from math import ceil

from psycopg import Connection
from starlette.types import Scope

from api.card_numbers import masked
from api.errors import Problem

Networks = tuple[IPv4Network | IPv6Network, ...]
LONGEST_CHAIN = 500
GROWN = "least({n}, b.tokens + greatest(extract(epoch from now() - b.at), 0) * {n} / 60)"
TAKE = """
    insert into api.rate_limits as b (bucket, tokens, at) values (%(bucket)s, %(n)s - 1, now())
    on conflict (bucket) do update set tokens = {grown} - 1, at = now() where {grown} >= 1
    returning tokens""".format(grown=GROWN.format(n="%(n)s"))
LOOK = "select {grown} from api.rate_limits b where bucket = %(bucket)s".format(grown=GROWN.format(n="%(n)s"))


def take_token(db: Connection, bucket: str, per_minute: int) -> dict[str, str]:
    """The headers that tell what is left. Raises Problem("rate_limited") with the seconds to wait."""
    asked = {"bucket": bucket, "n": per_minute}
    if row := db.execute(TAKE, asked, prepare=True).fetchone():
        return _headers(per_minute, row[0])
    row = db.execute(LOOK, asked).fetchone()
    tokens = row[0] if row else 0
    wait_s = max(1, ceil((1 - tokens) * 60 / per_minute))
    problem = Problem("rate_limited", f"No more than {per_minute} a minute. Please wait {wait_s} s.")
    raise problem.with_headers(_headers(per_minute, tokens) | {"retry-after": str(wait_s)})


def _headers(per_minute: int, tokens: float) -> dict[str, str]:
    full_again_s = ceil((per_minute - tokens) * 60 / per_minute)
    return {
        "ratelimit-limit": str(per_minute),
        "ratelimit-remaining": str(int(tokens)),
        "ratelimit-reset": str(full_again_s),
    }


def networks(texts: tuple[str, ...]) -> Networks:
    return tuple(ip_network(text, strict=False) for text in texts)


def client_address(scope: Scope, trusted: Networks) -> str:
    """Who calls: the peer, or whom proxies that we trust say they forward for."""
    peer = (scope.get("client") or ("",))[0]
    told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    return _address(peer, told[-LONGEST_CHAIN:].decode("latin-1"), trusted)


@lru_cache(4096)
def _address(peer: str, forwarded_for: str, trusted: Networks) -> str:
    address = peer
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and _is_in(address, trusted):
        address = hops.pop()
    try:
        return masked(str(_ip(address)))  # the zone of an IPv6 address may be any text
    except ValueError:
        return peer


def _is_in(address: str, trusted: Networks) -> bool:
    try:
        ip = _ip(address)
    except ValueError:
        return False
    return any(ip in network for network in trusted)


def bucket_of(address: str) -> str:
    """Whoever has an IPv6 address has the whole /64 network behind it, and counts once."""
    try:
        ip = _ip(address)
    except ValueError:
        return address
    return str(ip) if ip.version == 4 else str(ip_network(f"{ip}/64", strict=False))


def _ip(text: str) -> IPv4Address | IPv6Address:
    """A server that listens on `::` sees IPv4 clients as ::ffff:192.0.2.1: they are not one network."""
    ip = ip_address(text)
    return getattr(ip, "ipv4_mapped", None) or ip
