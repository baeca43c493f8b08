"""Values of the lifecycle as the JSON of the API: one module a resource."""
