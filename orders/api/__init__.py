"""The API: the same cases, steps and access as the pages, through the same door. OpenAPI 3.1 at /api/v1/schema/."""
