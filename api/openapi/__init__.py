"""The reference of the API as OpenAPI 3.1: made of the routes, of the bodies they take, and of what they tell here."""
