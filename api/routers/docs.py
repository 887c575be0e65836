"""OpenAPI at /api/openapi.json and Swagger UI at /api/docs, served by ourselves: it works without internet."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waypost API</title>
<link rel="icon" href="/assets/favicon.svg">
<link rel="stylesheet" href="/assets/swagger-ui/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/assets/swagger-ui/swagger-ui-bundle.js"></script>
<script src="/assets/swagger-ui/start.js"></script>
</body>
</html>
"""


@router.get("/api/docs")
async def docs() -> HTMLResponse:
    """Swagger UI."""
    return HTMLResponse(_PAGE)
