"""A test of another project, which has a space of its own on a real host."""

import json
import urllib.error
import urllib.request

import pytest


def send(space, method, path, body=None, headers=None):
    headers = {"x-api-key": space.key, "content-type": "application/json"} | (headers or {})
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(space.url + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.portdesk(seed=42, clock={"mode": "frozen", "at": "2026-03-02T09:00:00Z"}, clients=["agent"])
def test_a_lost_answer_is_repeated_and_there_is_one_ticket(portdesk):
    portdesk.faults({"at": "answer", "operation": "create_ticket", "do": "lost", "times": 1})
    ticket = {"caller_id": "ada", "issue_description": "The VPN drops."}
    key = {"idempotency-key": "one"}
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        send(portdesk, "POST", "/tickets", ticket, key)
    made = send(portdesk, "POST", "/tickets", ticket, key)
    assert made["created_at"].startswith("2026-03-02T09:00:00")
    portdesk.check(
        calls=[{"op": "create_ticket", "key": "agent", "count": 2}],
        items=[{"where": {"/caller_id": "ada"}, "count": 1}],
        within_ms=5000,
    )
    before = portdesk.state_hash()
    portdesk.snapshot("made")
    portdesk.reset()
    assert portdesk.state_hash() != before
    portdesk.restore("made")
    assert portdesk.state_hash() == before
    portdesk.advance("PT1H")
    with pytest.raises(AssertionError, match="create_ticket"):
        portdesk.check(calls=[{"op": "create_ticket", "status": 418}])


def test_another_test_sees_nothing_of_it(portdesk):
    assert send(portdesk, "GET", "/tickets?caller=ada")["tickets"] == []
