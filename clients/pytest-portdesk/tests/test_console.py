"""What the client says to the private listener."""

import pytest

from pytest_portdesk import CheckFailed, Console, ConsoleError


@pytest.fixture
def space(host, token):
    space = Console(host.url, token, "http://127.0.0.1:1").space("a", clients=["agent", "other"])
    host.requests.clear()
    return space


def test_a_space_has_its_keys_and_the_url_of_the_api(space):
    assert (space.name, space.url, space.key) == ("a", "http://127.0.0.1:1", "key-of-agent")
    assert space.keys == {"agent": "key-of-agent", "other": "key-of-other"}


def test_a_space_is_made_with_what_was_given_and_nothing_else(host, token):
    console = Console(host.url, token)
    console.space("a")
    console.space("b", from_="base", seed=0, clock={"mode": "frozen"}, clients=["x"])
    assert host.requests == [
        ("POST", "/v1/spaces", {"name": "a", "clients": ["test"]}),
        ("POST", "/v1/spaces",
         {"name": "b", "from": "base", "seed": 0, "clock": {"mode": "frozen"}, "clients": ["x"]}),
    ]


@pytest.mark.parametrize(
    ("act", "request_"),
    [
        (lambda s: s.reset(), ("POST", "/v1/reset", {"space": "a"})),
        (lambda s: s.reset(keep_faults=True), ("POST", "/v1/reset", {"space": "a", "keep_faults": True})),
        (lambda s: s.snapshot("base"), ("PUT", "/v1/snapshots/base", {"space": "a"})),
        (lambda s: s.snapshot("a/b"), ("PUT", "/v1/snapshots/a%2Fb", {"space": "a"})),
        (lambda s: s.restore("base"), ("POST", "/v1/snapshots/base/restore", {"space": "a"})),
        (lambda s: s.clock("frozen", at="2026-03-02T09:00:00Z"),
         ("PUT", "/v1/clock", {"space": "a", "mode": "frozen", "at": "2026-03-02T09:00:00Z"})),
        (lambda s: s.clock("stepping", step_ms=5), ("PUT", "/v1/clock", {"space": "a", "mode": "stepping", "step_ms": 5})),
        (lambda s: s.advance("PT1H"), ("POST", "/v1/clock/advance", {"space": "a", "by": "PT1H"})),
        (lambda s: s.faults({"at": "answer", "do": "lost"}),
         ("PUT", "/v1/faults", {"space": "a", "rules": [{"at": "answer", "do": "lost"}]})),
        (lambda s: s.faults(), ("PUT", "/v1/faults", {"space": "a", "rules": []})),
        (lambda s: s.calls(limit=5, op="read"), ("GET", "/v1/calls?space=a&limit=5&op=read", None)),
        (lambda s: s.state_hash(), ("GET", "/v1/state/hash?space=a", None)),
        (lambda s: s.check(calls=[], within_ms=50), ("POST", "/v1/check", {"space": "a", "calls": [], "within_ms": 50})),
        (lambda s: s.drop(), ("DELETE", "/v1/spaces/a", None)),
    ],
)
def test_each_method_sends_one_request(host, space, act, request_):
    act(space)
    assert host.requests == [request_]


def test_a_check_that_does_not_hold_is_a_failed_assertion_with_the_nearest_call(host, space):
    failures = [{"what": "calls[0]", "nearest": {"n": 3, "differs": ["/status: 200, wanted 201"]}}]
    host.answers["POST", "/v1/check"] = (422, {"held": False, "failures": failures})
    with pytest.raises(CheckFailed, match="/status: 200, wanted 201") as caught:
        space.check(calls=[{"op": "read"}])
    assert isinstance(caught.value, AssertionError)
    assert caught.value.failures == failures


@pytest.mark.parametrize("answer", [(200, {}), (200, {"held": False}), (200, None), (200, "held")])
def test_a_check_passes_only_if_the_host_says_that_it_holds(host, space, answer):
    host.answers["POST", "/v1/check"] = answer
    with pytest.raises(ConsoleError, match="does not say"):
        space.check()


def test_a_claim_that_the_host_cannot_read_is_not_a_failed_assertion(host, space):
    host.answers["POST", "/v1/check"] = (422, {"detail": "`calls[0].opp` is not a member"})
    with pytest.raises(ConsoleError, match="opp"):
        space.check(calls=[{"opp": "read"}])


def test_a_refusal_says_what_was_asked_and_why_it_was_refused(host, space):
    host.answers["PUT", "/v1/faults"] = (422, {"detail": "`do.lost` does not belong to the station `door`"})
    with pytest.raises(ConsoleError, match="PUT /v1/faults: 422 `do.lost` does not belong") as caught:
        space.faults({"at": "door", "do": "lost"})
    assert caught.value.status == 422


def test_a_wrong_token_is_refused_and_is_in_no_error(host):
    with pytest.raises(ConsoleError) as caught:
        Console(host.url, "a-wrong-token").space("a")
    assert caught.value.status == 401
    assert "a-wrong-token" not in str(caught.value)


def test_a_host_that_is_not_there_is_named():
    with pytest.raises(ConsoleError, match="http://127.0.0.1:1/v1/spaces: no answer") as caught:
        Console("127.0.0.1:1", "token").space("a")
    assert caught.value.status == 0


def test_the_token_does_not_follow_a_redirect(host, space):
    host.answers["POST", "/v1/reset"] = (302, None, ("location", f"{host.url}/elsewhere"))
    with pytest.raises(ConsoleError, match="302"):
        space.reset()
    assert [path for _, path, _ in host.requests] == ["/v1/reset"]


def test_a_proxy_of_the_environment_is_not_used(host, token, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert Console(host.url, token).space("a").name == "a"


def test_a_space_that_is_gone_can_be_dropped_and_other_failures_show(host, space):
    host.answers["DELETE", "/v1/spaces/a"] = (404, {"detail": "no such space"})
    space.drop()
    host.answers["DELETE", "/v1/spaces/a"] = (500, None)
    with pytest.raises(ConsoleError):
        space.drop()
