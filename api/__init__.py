"""REST under /api/v1, the live WebSocket, health; OpenAPI at /api/docs."""
