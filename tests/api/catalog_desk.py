"""The desk where managers keep the catalogue: what they send, and how a refusal reads."""

CATALOG = "/api/staff/catalog/"
PIANO = {"name": "Grand piano", "description": "No stairs.", "base_price_cents": 190000, "max_weight_lbs": 1200}
TETERBORO = {
    "code": "TEB", "name": "Teterboro", "city": "Teterboro", "state": "NJ", "zip_code": "07608",
    "price_per_bag_cents": 9000, "minimum_bags": 1, "max_bags": 10,
}  # fmt: skip
SUNDAYS = {
    "surcharge_type": "weekend", "name": "Sundays", "description": "", "applies_to_service_types": ["blade_transfer"],
    "calculation_type": "percentage", "percentage": "12.50", "applies_sunday": True,
}  # fmt: skip
PETITE = {
    "package_type": "petite", "name": "Petite Move", "description": "", "base_price_cents": 100, "max_items": None,
    "coi_included": False,
}  # fmt: skip
PACKING = {
    "service_type": "petite_packing", "name": "Packing", "description": "", "price_cents": 1, "duration_hours": 4,
    "organizer_count": 2,
}  # fmt: skip
RATES = {
    "price_per_item_cents": 1, "minimum_charge_cents": 100, "minimum_items": 1, "max_items": 2,
    "max_weight_per_item_lbs": 50, "same_day_surcharge_cents": 1,
}  # fmt: skip


class Desk:
    """A manager at the catalogue."""

    def __init__(self, house, who):
        self.http, self.who = house.http, who

    def see(self, path=""):
        return self.http.get(CATALOG + path, headers=self.who.headers)

    def add(self, kind, body, **headers):
        return self.http.post(f"{CATALOG}{kind}/", json=body, headers=self.who.headers | headers)

    def change(self, path, body, **headers):
        sent = {"If-Match": self.see().headers["etag"]} | headers
        return self.http.patch(f"{CATALOG}{path}/", json=body, headers=self.who.headers | sent)


def refused(answer):
    problem = answer.json()
    return answer.status_code, problem["code"], [error["path"] for error in problem.get("errors", [])]
