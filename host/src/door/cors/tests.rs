use hyper::Request;

use super::*;

fn listed(origins: &[&str]) -> Cors {
    Cors::of(origins.iter().map(|origin| origin.parse().unwrap()).collect())
}

fn asked(method: &str, headers: &[(&str, &str)]) -> Parts {
    let request = Request::builder().method(method).uri("/");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

fn allowed(cors: &Cors, headers: &[(&str, &str)]) -> Option<String> {
    let answer = cors.answer(&asked("GET", headers).headers)?;
    let origin = answer.get(ACCESS_CONTROL_ALLOW_ORIGIN)?;
    Some(origin.to_str().unwrap().to_owned())
}

#[test]
fn only_an_origin_that_a_browser_can_send_is_accepted() {
    for good in [
        "https://app.example.net",
        "http://localhost:3000",
        "http://127.0.0.1:1",
        "https://a-b.example:65535",
        "http://[::1]:8080",
        "https://xn--bcher-kva.example",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "capacitor://localhost",
        "http://example.net:443",
        "*",
    ] {
        assert_eq!(good.parse::<Origin>().map(|origin| origin.to_string()), Ok(good.to_owned()));
    }
    for (bad, says) in [
        ("", "not an origin"),
        ("null", "not an origin"),
        ("app.example.net", "not an origin"),
        ("https://", "not an origin"),
        ("https:/app.example.net", "not an origin"),
        ("://app.example.net", "not an origin"),
        ("https://user@app.example.net", "not an origin"),
        ("https://*.example.net", "not an origin"),
        ("https://b\u{fc}cher.example", "not an origin"),
        ("https://a b", "not an origin"),
        ("https://a,https://b", "has a path"),
        ("http://[::0001]:8080", "not an origin"),
        ("https://app.example.net/", "slash at the end"),
        ("https://app.example.net/x", "has a path"),
        ("https://app.example.net?x", "has a path"),
        ("https://App.example.net", "capital letters"),
        ("HTTPS://app.example.net", "capital letters"),
        ("https://app.example.net:443", "leave it out"),
        ("http://app.example.net:80", "leave it out"),
        ("https://app.example.net:", "has no port"),
        ("https://app.example.net:0", "has no port"),
        ("https://app.example.net:0443", "has no port"),
        (&format!("https://{}", "a".repeat(300)), "longer than 300"),
    ] {
        let error = bad.parse::<Origin>().expect_err(bad);
        assert!(error.contains(says), "{bad}: {error}");
    }
}

#[test]
fn an_origin_that_is_not_listed_exactly_gets_no_permission() {
    let cors = listed(&["https://app.example.net", "http://localhost:3000"]);
    for origin in ["https://app.example.net", "http://localhost:3000"] {
        assert_eq!(allowed(&cors, &[("origin", origin)]).as_deref(), Some(origin));
    }
    for origin in [
        "http://app.example.net",
        "https://app.example.net:8443",
        "https://app.example.net.evil.example",
        "https://evil.example/https://app.example.net",
        "https://APP.example.net",
        "http://localhost",
        "http://localhost:30000",
        "null",
        "*",
        "",
    ] {
        assert_eq!(allowed(&cors, &[("origin", origin)]), None, "{origin}");
    }
    assert_eq!(allowed(&cors, &[]), None);
    assert_eq!(allowed(&cors, &[("origin", "null"), ("origin", "http://localhost:3000")]), None);
}

#[test]
fn an_answer_varies_by_origin_unless_every_page_may_read_it() {
    let headers = |cors: &Cors, origin: &str| cors.answer(&asked("GET", &[("origin", origin)]).headers);
    let one = listed(&["https://app.example.net"]);
    for origin in ["https://app.example.net", "https://evil.example"] {
        assert_eq!(headers(&one, origin).unwrap()[VARY], "Origin");
    }
    for origins in [&["*"][..], &["https://app.example.net", "*"]] {
        let any = listed(origins);
        for origin in ["https://app.example.net", "https://evil.example", "null"] {
            assert_eq!(headers(&any, origin).unwrap().get(VARY), None);
            assert_eq!(allowed(&any, &[("origin", origin)]).as_deref(), Some("*"));
        }
        assert_eq!(allowed(&any, &[]).as_deref(), Some("*"), "a cache may reuse it");
        assert!(!any.is_preflight(&asked("OPTIONS", &[("access-control-request-method", "PATCH")])));
    }
    assert_eq!(headers(&Cors::default(), "https://app.example.net"), None);
}

#[test]
fn a_preflight_is_an_options_of_a_listed_origin_that_names_a_method() {
    let cors = listed(&["https://app.example.net"]);
    let (origin, method) =
        (("origin", "https://app.example.net"), ("access-control-request-method", "PATCH"));
    assert!(cors.is_preflight(&asked("OPTIONS", &[origin, method])));
    assert!(!cors.is_preflight(&asked("GET", &[origin, method])));
    assert!(!cors.is_preflight(&asked("OPTIONS", &[origin])));
    assert!(!cors.is_preflight(&asked("OPTIONS", &[method])));
    assert!(!cors.is_preflight(&asked("OPTIONS", &[("origin", "https://evil.example"), method])));
    assert!(!Cors::default().is_preflight(&asked("OPTIONS", &[origin, method])));
}
