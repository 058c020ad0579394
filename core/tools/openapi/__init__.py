"""Tools from OpenAPI 3.0 and 3.1 documents: `reader` makes them, `executor` calls them."""
