"""The routes of the private listener of a host. It needs no package."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode

# How long the host may take for an answer, beyond the time that a check may wait.
TIMEOUT_SECONDS = 30

# The largest answer that is read. The journal of a host is larger, but `calls` has a limit.
ANSWER_LIMIT_BYTES = 64 << 20

# The label of the API key that a space has unless the test names others.
CLIENT = "test"


class ConsoleError(Exception):
    """The host refused a request of the private listener, or did not answer. `status` is 0 if there was no answer."""

    def __init__(self, status: int, text: str, answer: Any = None):
        super().__init__(text)
        self.status = status
        self.answer = answer


class CheckFailed(AssertionError):
    """A check did not hold. `failures` has what the host found, with the nearest call or item of each."""

    def __init__(self, failures: list[Any]):
        lines = [json.dumps(failure, indent=2, ensure_ascii=False) for failure in failures]
        super().__init__("the check does not hold:\n" + "\n".join(lines))
        self.failures = failures


class Console:
    """The private listener of a host.

    `url` is the address of the private listener, and `api_url` the address that clients use. Without `api_url`, a space
    knows its keys and not where to use them.
    """

    def __init__(self, url: str, token: str, api_url: str | None = None):
        self.url = _with_scheme(url).rstrip("/")
        self.api_url = _with_scheme(api_url).rstrip("/") if api_url else None
        self._token = token
        # A proxy cannot reach this machine, and a redirect would send the token to another server.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)

    def space(
        self,
        name: str,
        *,
        from_: str | None = None,
        seed: int | None = None,
        clock: dict[str, Any] | None = None,
        clients: list[str] | None = None,
    ) -> Space:
        """Makes a space. Use it as a context manager, or call `drop` at the end."""
        body = {"name": name, "from": from_, "seed": seed, "clock": clock, "clients": clients or [CLIENT]}
        answer = self.send("POST", "/v1/spaces", _without_none(body))
        return Space(self, answer["name"], answer["keys"])

    def send(self, method: str, path: str, body: Any = None, *, timeout: float = TIMEOUT_SECONDS) -> Any:
        """Sends a request to the private listener and returns its JSON. Fails with `ConsoleError`."""
        headers = {"authorization": f"Bearer {self._token}", "accept": "application/json"}
        # The guard wants the type of each change, also of one without a body, because a form cannot have it.
        if method != "GET":
            headers["content-type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=timeout) as answer:
                return _parsed(answer.read(ANSWER_LIMIT_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                answer = _parsed(error.read(ANSWER_LIMIT_BYTES))
            raise ConsoleError(error.code, f"{method} {path}: {error.code} {_words(answer)}", answer) from None
        except OSError as error:
            raise ConsoleError(0, f"{method} {self.url}{path}: no answer ({error})") from error


class Space:
    """A space of a host: a store, a clock, chance, faults and API keys that no other test uses."""

    def __init__(self, console: Console, name: str, keys: dict[str, str]):
        self.console = console
        self.name = name
        # The API keys by their labels.
        self.keys = keys
        # The base URL of the API, for the client under test.
        self.url = console.api_url

    @property
    def key(self) -> str:
        """The API key of the first client."""
        return next(iter(self.keys.values()))

    def reset(self, **options: Any) -> Any:
        """Empties the space. The options are members of the request, such as `keep_faults` and `seed`."""
        return self._send("POST", "/v1/reset", **options)

    def snapshot(self, name: str) -> Any:
        """Keeps the state of the space under a name."""
        return self._send("PUT", f"/v1/snapshots/{quote(name, safe='')}")

    def restore(self, name: str) -> Any:
        """Brings the state of a snapshot back."""
        return self._send("POST", f"/v1/snapshots/{quote(name, safe='')}/restore")

    def clock(self, mode: str, *, at: str | None = None, step_ms: int | None = None) -> Any:
        """Sets the clock: `real`, `running`, `frozen` or `stepping`. `at` is a time as in RFC 3339."""
        return self._send("PUT", "/v1/clock", **_without_none({"mode": mode, "at": at, "step_ms": step_ms}))

    def advance(self, by: str) -> Any:
        """Moves the clock forward by a duration as in ISO 8601, such as `PT1H`."""
        return self._send("POST", "/v1/clock/advance", by=by)

    def faults(self, *rules: dict[str, Any]) -> Any:
        """Puts these rules in place of all rules of faults. Without rules, no fault is injected."""
        return self._send("PUT", "/v1/faults", rules=list(rules))

    def calls(self, *, limit: int = 100, **filters: Any) -> Any:
        """The calls in the journal, as the host answers them. The filters are parts of the query, such as `op`."""
        query = urlencode(_without_none({"space": self.name, "limit": limit, **filters}))
        return self.console.send("GET", f"/v1/calls?{query}")

    def check(self, *, within_ms: int = 0, **claims: Any) -> Any:
        """Fails with `CheckFailed` unless the claims about calls and items hold, at the latest after `within_ms`."""
        if within_ms:
            claims["within_ms"] = within_ms
        try:
            timeout = TIMEOUT_SECONDS + within_ms / 1000
            answer = self._send("POST", "/v1/check", timeout=timeout, **claims)
        except ConsoleError as error:
            # A claim that cannot be read has the same status, but no failures.
            if error.status == 422 and isinstance(error.answer, dict) and error.answer.get("failures"):
                raise CheckFailed(error.answer["failures"]) from None
            raise
        # An answer that does not say that the check holds never makes a test pass.
        if not isinstance(answer, dict) or answer.get("held") is not True:
            raise ConsoleError(200, f"POST /v1/check: the answer does not say whether the check holds: {answer!r}")
        return answer

    def state_hash(self) -> Any:
        """The hash of the state, as the host answers it."""
        return self.console.send("GET", f"/v1/state/hash?{urlencode({'space': self.name})}")

    def drop(self) -> None:
        """Ends the space. It is not an error if the test has already ended it."""
        try:
            self.console.send("DELETE", f"/v1/spaces/{quote(self.name, safe='')}")
        except ConsoleError as error:
            if error.status != 404:
                raise

    def __enter__(self) -> Space:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def _send(self, method: str, path: str, *, timeout: float = TIMEOUT_SECONDS, **members: Any) -> Any:
        return self.console.send(method, path, {"space": self.name, **members}, timeout=timeout)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"http://{url}"


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _parsed(data: bytes) -> Any:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def _words(answer: Any) -> str:
    if isinstance(answer, dict):
        for member in ("detail", "message", "error"):
            if isinstance(answer.get(member), str):
                return answer[member]
    return "" if answer is None else str(answer)[:500]
