"""Serve the API: ``python -m examples.protected_api``."""

import os

import uvicorn

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "examples.protected_api.settings"
    from django.core.asgi import get_asgi_application

    port = int(os.environ.get("API_PORT", "9001"))
    uvicorn.run(
        get_asgi_application(), host="127.0.0.1", port=port, lifespan="off", log_level="warning"
    )
