"""What the fixtures do in a run of pytest."""

import re

import pytest

PLUGIN = ["-p", "pytest_portdesk.plugin", "-p", "no:cacheprovider"]


@pytest.fixture
def run(pytester, host, token, monkeypatch):
    monkeypatch.delenv("PORTDESK_DATA_DIR", raising=False)
    monkeypatch.setenv("PORTDESK_CONSOLE", host.url)
    monkeypatch.setenv("PORTDESK_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("PORTDESK_CONSOLE_TOKEN", token)

    def run(text, *arguments):
        pytester.makepyfile(text)
        return pytester.runpytest_inprocess(*_plugin(pytester), *arguments)

    return run


def _plugin(pytester):
    """The plugin may be installed, and then pytest has loaded it already."""
    loaded = pytester._request.config.pluginmanager.has_plugin("portdesk")
    return PLUGIN[2:] if loaded else PLUGIN


def test_each_test_has_a_space_that_ends_with_it(run, host):
    run("""
        def test_one(portdesk):
            assert portdesk.url == "http://127.0.0.1:1"
            assert portdesk.key == "key-of-test"

        def test_two(portdesk):
            assert False
    """).assert_outcomes(passed=1, failed=1)
    methods = [method for method, _, _ in host.requests]
    assert methods == ["POST", "DELETE", "POST", "DELETE"]
    one, two = (body["name"] for method, _, body in host.requests if method == "POST")
    assert re.fullmatch("test-one-[0-9a-f]{8}", one) and re.fullmatch("test-two-[0-9a-f]{8}", two)
    assert [path for method, path, _ in host.requests if method == "DELETE"] == [f"/v1/spaces/{one}", f"/v1/spaces/{two}"]


def test_a_marker_says_how_the_space_is_made(run, host):
    run("""
        import pytest

        @pytest.mark.portdesk(seed=42, clients=["agent"], from_="base")
        def test_one(portdesk):
            assert portdesk.keys == {"agent": "key-of-agent"}
    """, "--strict-markers").assert_outcomes(passed=1)
    _, _, body = host.requests[0]
    assert (body["seed"], body["clients"], body["from"]) == (42, ["agent"], "base")


def test_the_name_of_a_space_is_valid_whatever_the_test_is_called(run, host):
    run("""
        import pytest

        @pytest.mark.parametrize("text", ["Ä/?%", "a" * 200])
        def test_Long_NAME(portdesk, text):
            pass
    """).assert_outcomes(passed=2)
    names = [body["name"] for method, _, body in host.requests if method == "POST"]
    assert all(re.fullmatch("[a-z0-9-]{1,64}", name) for name in names), names


def test_the_address_and_the_token_can_come_from_the_data_folder(run, host, token, pytester, monkeypatch):
    monkeypatch.delenv("PORTDESK_CONSOLE")
    monkeypatch.delenv("PORTDESK_CONSOLE_TOKEN")
    (pytester.path / "console.address").write_text(host.url.removeprefix("http://"))
    (pytester.path / "console.token").write_text(token)
    text = "def test_one(portdesk): pass"
    run(text, "--portdesk-data-dir", pytester.path).assert_outcomes(passed=1)
    monkeypatch.setenv("PORTDESK_DATA_DIR", str(pytester.path))
    run(text).assert_outcomes(passed=1)


@pytest.mark.parametrize("missing", ["PORTDESK_CONSOLE", "PORTDESK_CONSOLE_TOKEN"])
def test_a_missing_setting_is_named(run, monkeypatch, missing):
    monkeypatch.delenv(missing)
    result = run("def test_one(portdesk): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*set {missing}, or --portdesk-data-dir*"])


def test_a_host_that_does_not_run_is_named_by_its_file(run, pytester, monkeypatch):
    monkeypatch.delenv("PORTDESK_CONSOLE")
    result = run("def test_one(portdesk): pass", "--portdesk-data-dir", pytester.path)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*console.address cannot be read*--controls*"])
