//! The routes of the console, over a real host.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Console, controlled};
use crate::harness::{Client, LONG, Process, path};

impl Console {
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = self.bare(method, path).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        answered(request).await
    }

    pub(super) async fn read(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(super) async fn change(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }
}

async fn answered(request: RequestBuilder) -> (u16, Value) {
    let answer = request.timeout(LONG).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

fn both(flags: &[&str]) -> [(tempfile::TempDir, Process); 2] {
    ["memory", "embedded"].map(|store| {
        let data = tempfile::tempdir().unwrap();
        let console = ["--console", "127.0.0.1:0", "--controls", "--store", store];
        let host = Process::start(data.path(), &[&console[..], flags].concat());
        (data, host)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_empties_a_space_and_keeps_what_was_before() {
    for (_data, host) in both(&[]) {
        let (console, client) = (Console::of(&host), host.client());
        let ticket = client.create("ada", "The VPN drops.").await;
        let hash = console.read("/v1/state/hash").await;
        assert_eq!(hash["items"], 1);
        let saved = console.change(Method::PUT, "/v1/snapshots/one", json!({})).await;
        assert_eq!((&saved["items"], &saved["hash"]), (&json!(1), &hash["hash"]));
        client.create("ada", "The mouse is gone.").await;

        let done = console.change(Method::POST, "/v1/reset", json!({"space": "main"})).await;
        assert_eq!(done["before"]["items"], 2, "{done}");
        client.get(&path(&ticket)).await.expect(404);
        assert_eq!(console.read("/v1/state/hash").await["items"], 0);
        // A second reset does not lose what the first one removed.
        let again = console.change(Method::POST, "/v1/reset", json!({"space": "main"})).await;
        assert_eq!(again["before"], done["before"], "{again}");

        let restored = console.change(Method::POST, "/v1/snapshots/one/restore", json!({})).await;
        assert_eq!(restored["hash"], hash["hash"]);
        assert_eq!(
            (&restored["before"]["name"], &restored["before"]["items"]),
            (&json!("before-restore"), &json!(0))
        );
        assert_eq!(client.get(&path(&ticket)).await.expect(200).json(), ticket);
        assert_eq!(console.read("/v1/state/hash").await, hash);
        let difference = json!({"from": {"snapshot": "before-reset"}, "to": "main"});
        let difference = console.change(Method::POST, "/v1/state/diff", difference).await;
        assert_eq!(difference["equal"], false);
        assert_eq!(difference["difference"]["removed"].as_array().unwrap().len(), 1, "{difference}");

        let names = console.read("/v1/snapshots").await;
        let names: Vec<_> = names["snapshots"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["before-reset", "before-restore", "one"]);
        console.ask(Method::DELETE, "/v1/snapshots/one", None).await;
        let (status, gone) = console.ask(Method::POST, "/v1/snapshots/one/restore", Some(json!({}))).await;
        assert_eq!((status, &gone["error"]), (404, &json!("missing")));
        let kinds = console.read("/v1/calls?space=main").await;
        let kinds: Vec<_> = kinds["marks"].as_array().unwrap().iter().map(|mark| &mark["kind"]).collect();
        assert_eq!(kinds, ["reset", "reset", "restored"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_is_a_world_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let new = json!({"name": "blue", "seed": 7, "clients": ["agent", "judge"]});
    let made = console.change(Method::POST, "/v1/spaces", new.clone()).await;
    let keys = ["agent", "judge"].map(|client| made["keys"][client].as_str().unwrap().to_owned());
    let (agent, judge) = (Client::new(&host.url, Some(&keys[0])), Client::new(&host.url, Some(&keys[1])));
    let ticket = agent.create("ada", "The VPN drops.").await;
    judge.get(&path(&ticket)).await.expect(200);
    host.client().get(&path(&ticket)).await.expect(404);

    let (status, twice) = console.ask(Method::POST, "/v1/spaces", Some(new)).await;
    assert_eq!((status, &twice["error"]), (409, &json!("exists")));
    assert_eq!(console.read("/v1/state/hash?space=main").await["items"], 0);
    let item = console.read("/v1/items?space=blue").await;
    assert_eq!(item["items"][0]["key"], ticket["ticket_id"], "{item}");
    let key = ticket["ticket_id"].as_str().unwrap();
    let one = console.read(&format!("/v1/items/{key}?space=blue")).await;
    assert_eq!((&one["item"]["key"], one["calls"].as_array().unwrap().len()), (&ticket["ticket_id"], 2));
    let calls = console.read("/v1/calls?space=blue&op=create_ticket").await;
    assert_eq!(calls["calls"][0]["client"], "agent", "{calls}");
    let shown = console.read("/v1/spaces").await;
    assert_eq!((&shown["spaces"][1]["name"], &shown["spaces"][1]["seed"]), (&json!("blue"), &json!(7)));

    console.ask(Method::DELETE, "/v1/spaces/blue", None).await;
    agent.get(&path(&ticket)).await.expect(403);
    assert_eq!(console.ask(Method::GET, "/v1/state?space=blue", None).await.0, 404);
    assert_eq!(console.ask(Method::DELETE, "/v1/spaces/main", None).await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_stands_until_it_is_moved_forward() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let (console, client) = (Console::of(&host), host.client());
    let frozen = json!({"mode": "frozen", "at": "2030-03-02T09:00:00Z"});
    console.change(Method::PUT, "/v1/clock", frozen).await;
    let first = client.create("ada", "The VPN drops.").await;
    assert!(first["created_at"].as_str().unwrap().starts_with("2030-03-02T09:00:00"), "{first}");
    let moved = console.change(Method::POST, "/v1/clock/advance", json!({"by": "PT1H"})).await;
    assert_eq!(moved["at"], "2030-03-02T10:00:00Z");
    let second = client.create("ada", "The VPN drops.").await;
    assert!(second["created_at"].as_str().unwrap().starts_with("2030-03-02T10:00:00"), "{second}");
    for (path, method, body) in [
        ("/v1/clock", Method::PUT, json!({"mode": "frozen", "at": "2029-01-01T00:00:00Z"})),
        ("/v1/clock/advance", Method::POST, json!({"by": "-PT1H"})),
        ("/v1/clock/advance", Method::POST, json!({"by": "an hour or so"})),
        ("/v1/clock", Method::PUT, json!({"mode": "real", "at": "2031-01-01T00:00:00Z"})),
    ] {
        let (status, refused) = console.ask(method, path, Some(body.clone())).await;
        assert_eq!((status, &refused["error"]), (422, &json!("invalid")), "{body}");
    }
    assert_eq!(console.read("/v1/clock").await["at"], "2030-03-02T10:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_meets_the_request_that_it_names_and_is_noted() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let (console, client) = (Console::of(&host), host.client());
    let rule = json!({"at": "store", "verb": "insert", "do": {"unavailable": {}}, "times": 1});
    let rules = console.change(Method::POST, "/v1/faults", json!({"rule": rule})).await;
    assert_eq!(rules["rules"][0]["id"], "fault-1", "{rules}");
    let body = json!({"caller_id": "ada", "issue_description": "The VPN drops."});
    client.post("/tickets", &body).await.expect(503);
    client.post("/tickets", &body).await.expect(201);
    let rules = console.read("/v1/faults").await;
    assert_eq!(
        (&rules["rules"][0]["hits"], &rules["rules"][0]["chances"]),
        (&json!(1), &json!(2)),
        "{rules}"
    );
    let calls = console.read("/v1/calls?status=503").await;
    assert_eq!(calls["calls"][0]["faults"][0]["rule"], "fault-1", "{calls}");
    assert_eq!(calls["calls"][0]["failed_by"], "injected");
    let n = calls["calls"][0]["n"].as_u64().unwrap();
    let call = console.read(&format!("/v1/calls/{n}")).await;
    assert!(call["request"]["body"]["text"].as_str().unwrap().contains("The VPN drops."), "{call}");

    let (status, refused) =
        console.ask(Method::PUT, "/v1/faults", Some(json!({"rules": [{"at": "roof"}]}))).await;
    assert!(
        (status == 400 || status == 422) && refused["message"].as_str().unwrap().contains("at"),
        "{refused}"
    );
    assert_eq!(console.ask(Method::DELETE, "/v1/faults/fault-1", None).await.0, 200);
    assert_eq!(console.ask(Method::DELETE, "/v1/faults/fault-1", None).await.0, 404);
    assert_eq!(console.read("/v1/faults").await["rules"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_holds_or_says_what_came_nearest() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let (console, client) = (Console::of(&host), host.client());
    let waiting = json!({"calls": [{"op": "create_ticket", "status": 201}], "within_ms": 20_000});
    let (checked, _) = tokio::join!(
        console.ask(Method::POST, "/v1/check", Some(waiting)),
        client.create("ada", "The VPN drops.")
    );
    assert_eq!(checked, (200, json!({"held": true})));
    let wrong = json!({"calls": [{"op": "create_ticket", "where": {"/caller_id": "bob"}}]});
    let (status, verdict) = console.ask(Method::POST, "/v1/check", Some(wrong)).await;
    assert_eq!((status, &verdict["held"]), (422, &json!(false)));
    assert!(verdict["failures"][0]["nearest"].to_string().contains("bob"), "{verdict}");
    let state = json!({"items": [{"where": {"/caller_id": "ada"}, "count": {"min": 1, "max": 1}}]});
    assert_eq!(console.ask(Method::POST, "/v1/check", Some(state)).await.0, 200);
    assert_eq!(console.ask(Method::POST, "/v1/check", Some(json!({"call": []}))).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_resumed_without_a_gap() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let (console, client) = (Console::of(&host), host.client());
    let position = console.read("/v1/calls").await["position"].as_u64().unwrap();
    let mut stream = Events::open(console.get("/v1/events?space=main")).await;
    client.create("ada", "The VPN drops.").await;
    // The stream shows a call in its newest form, so a fast call may never show as open.
    let (id, ended) = loop {
        let (id, call) = stream.call().await;
        if call["state"] == "ended" {
            break (id, call);
        }
    };
    assert_eq!(ended["status"], 201);
    drop(stream);
    client.create("ada", "The mouse is gone.").await;
    let mut stream = Events::open(console.get("/v1/events").header("last-event-id", id.to_string())).await;
    let (_, next) = stream.call().await;
    assert!(next["n"].as_u64() > ended["n"].as_u64(), "{next}");
    let mut stream = Events::open(console.get(&format!("/v1/events?after={position}"))).await;
    // A reader that comes late gets each call once, in its newest form.
    let (_, first) = stream.call().await;
    assert_eq!((&first["n"], &first["state"]), (&ended["n"], &json!("ended")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seventeenth_stream_is_refused_until_another_ends() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let mut streams = Vec::new();
    for _ in 0..16 {
        streams.push(Events::open(console.get("/v1/events")).await);
    }
    let (status, refused) = console.ask(Method::GET, "/v1/events", None).await;
    assert_eq!((status, &refused["error"]), (503, &json!("too_many_streams")));
    streams.pop();
    crate::harness::until("a place is free", async || {
        console.get("/v1/events").send().await.unwrap().status() == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sends_a_request_again() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let body = json!({"caller_id": "ada", "issue_description": "The VPN drops."});
    let sent = json!({"client": "ada", "method": "POST", "path": "/tickets", "body": body});
    let answer = console.change(Method::POST, "/v1/calls", sent).await;
    assert_eq!(answer["status"], 201, "{answer}");
    let calls = console.read("/v1/calls?via=console").await;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_controls_the_console_only_looks() {
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &["--store", "memory", "--console", "127.0.0.1:0"]);
    let console = Console::of(&host);
    host.client().create("ada", "The VPN drops.").await;
    for path in
        ["/v1/shape", "/v1/calls", "/v1/items", "/v1/state", "/v1/state/hash", "/v1/clock", "/v1/spaces"]
    {
        assert_eq!(console.get(path).send().await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(console.read("/v1/items").await["total"], 1);
    assert_eq!(console.read("/v1/shape").await["controls"], false);
    let checked = json!({"calls": [{"op": "create_ticket"}]});
    assert_eq!(console.ask(Method::POST, "/v1/check", Some(checked)).await.0, 200);
    for (method, path) in [
        (Method::POST, "/v1/reset"),
        (Method::PUT, "/v1/clock"),
        (Method::POST, "/v1/clock/advance"),
        (Method::PUT, "/v1/faults"),
        (Method::POST, "/v1/faults"),
        (Method::PUT, "/v1/snapshots/a"),
        (Method::POST, "/v1/snapshots/a/restore"),
        (Method::POST, "/v1/spaces"),
        (Method::POST, "/v1/calls"),
        (Method::DELETE, "/v1/spaces/a"),
    ] {
        let (status, refused) = console.ask(method, path, Some(json!({}))).await;
        assert_eq!((status, &refused["error"]), (403, &json!("controls_off")), "{path}");
        assert!(refused["message"].as_str().unwrap().contains("--controls"));
    }
    assert_eq!(console.read("/v1/state/hash").await["items"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_says_wrongly_is_named() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    for (method, path, body, status, named) in [
        (Method::GET, "/v1/calls?afer=1", None, 400, "afer"),
        (Method::GET, "/v1/calls?after=x", None, 400, "after"),
        (Method::GET, "/v1/calls?space=none", None, 404, "space"),
        (Method::GET, "/v1/calls?status=9", None, 400, "status"),
        (Method::GET, "/v1/items?limit=101", None, 400, "limit"),
        (Method::POST, "/v1/reset", Some(json!({"spaces": "main"})), 400, "spaces"),
        (Method::POST, "/v1/reset", Some(json!({"space": 1})), 400, "space"),
        (Method::POST, "/v1/reset", Some(json!([])), 400, "map"),
        (Method::POST, "/v1/spaces", Some(json!({"name": "../a"})), 422, "name"),
        (Method::POST, "/v1/spaces", Some(json!({"name": "a", "plan": "gold"})), 422, "plan"),
        (Method::PATCH, "/v1/reset", Some(json!({})), 405, "POST"),
    ] {
        let (found, refused) = console.ask(method, path, body).await;
        assert_eq!(found, status, "{path}: {refused}");
        assert!(refused["message"].as_str().unwrap().contains(named), "{path}: {refused}");
    }
}

/// A stream of events.
struct Events {
    answer: reqwest::Response,
    unread: String,
}

impl Events {
    async fn open(request: RequestBuilder) -> Events {
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        Events { answer, unread: String::new() }
    }

    /// The id and the data of the next event about a call.
    async fn call(&mut self) -> (u64, Value) {
        let read = async {
            loop {
                while let Some((event, rest)) = self.unread.split_once("\n\n") {
                    let (event, rest) = (event.to_owned(), rest.to_owned());
                    self.unread = rest;
                    let lines: Vec<&str> = event.lines().collect();
                    if let [id, "event: call", data] = lines[..] {
                        let id = id.strip_prefix("id: ").unwrap().parse().unwrap();
                        return (id, serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap());
                    }
                }
                let chunk = self.answer.chunk().await.unwrap().expect("the stream goes on");
                self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(LONG, read).await.expect("an event comes")
    }
}
