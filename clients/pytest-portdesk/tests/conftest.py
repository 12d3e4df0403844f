"""The tests run pytest within pytest, and start a server in place of a host."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

pytest_plugins = ["pytester"]

TOKEN = "token-of-the-private-listener"


class Host(ThreadingHTTPServer):
    """Keeps the requests, and answers as the host does unless a test says otherwise."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests = []
        self.answers = {}

    def answer(self, method, path, body):
        if (method, path) in self.answers:
            return self.answers[method, path]
        if (method, path) == ("POST", "/v1/spaces"):
            return 201, {"name": body["name"], "keys": {label: f"key-of-{label}" for label in body["clients"]}}
        if (method, path) == ("POST", "/v1/check"):
            return 200, {"held": True}
        return (204, None) if method == "DELETE" else (200, {})


class Handler(BaseHTTPRequestHandler):
    def handle_any(self):
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        authorized = self.headers.get("authorization") == f"Bearer {TOKEN}"
        self.server.requests.append((self.command, self.path, body))
        if not authorized:
            answer = 401, {"error": "no_token", "message": "no token"}
        elif self.command != "GET" and self.headers.get("content-type") != "application/json":
            answer = 415, {"error": "not_json", "message": "a change needs its type"}
        else:
            answer = self.server.answer(self.command, self.path, body)
        status, content, *headers = answer
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        data = b"" if content is None else json.dumps(content).encode()
        if status != 204:
            self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def log_message(self, *_):
        pass


@pytest.fixture
def host():
    with Host() as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield host
        host.shutdown()
        thread.join(10)


@pytest.fixture
def token():
    return TOKEN
