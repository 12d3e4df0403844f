//! What a storeroom answers, in every language. Each answer is checked against the contract of the storeroom.

use std::sync::OnceLock;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::language::{FLAGS, Language};
use crate::harness::{KEY, Process, Running, serve};

/// Each scenario as a test for each language.
macro_rules! in_each_language {
    ($($scenario:ident),+ $(,)?) => {
        in_each_language!(rust Rust: $($scenario),+);
        in_each_language!(javascript JavaScript: $($scenario),+);
        in_each_language!(python Python: $($scenario),+);
    };
    ($module:ident $language:ident: $($scenario:ident),+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario(super::Language::$language).await;
                }
            )+
        }
    };
}

in_each_language! {
    an_article_is_added_moved_listed_and_read,
    what_is_wrong_is_refused_and_named,
    a_repeated_move_is_one_move,
    clients_at_once_never_take_the_same_piece,
    a_long_shelf_is_listed_in_pages,
    a_host_serves_its_compiled_file_with_tools_and_a_console_of_its_own,
}

async fn an_article_is_added_moved_listed_and_read(language: Language) {
    let room = Room::open(language).await;
    let bolt = room.add("bolt-m8", "A1", 200).await;
    assert_eq!(
        (&bolt["name"], &bolt["pieces"], &bolt["moves"]),
        (&json!("Größe M8 🔩"), &json!(200), &json!([]))
    );
    let (_, moved) = room.take("bolt-m8", json!({"pieces": -20, "reason": "Tür"}), None).await;
    assert_eq!((&moved["pieces"], &moved["moves"][0]["reason"]), (&json!(180), &json!("Tür")));
    assert!(moved["changed_at"].as_str() > bolt["added_at"].as_str(), "{moved}");
    room.add("nut-m8", "A1", 5).await;
    room.add("lamp", "B7", 1).await;
    let (_, page) = room.ask("GET", "/articles?shelf=A1", &[], &Value::Null).await;
    let listed: Vec<_> = page["articles"].as_array().unwrap().iter().map(|one| &one["number"]).collect();
    assert_eq!(listed, ["nut-m8", "bolt-m8"], "the newest first: {page}");
    let (status, read) = room.ask("GET", "/articles/bolt-m8", &[], &Value::Null).await;
    assert_eq!((status, read), (200, moved));
    room.host.stop().await;
}

async fn what_is_wrong_is_refused_and_named(language: Language) {
    let room = Room::open(language).await;
    room.add("lamp", "B7", 3).await;
    let whole = json!({"number": "fuse", "name": "Fuse", "shelf": "B7", "pieces": 1});
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    for (method, path, body, status, named) in [
        ("POST", "/articles", json!([]), 400, "body"),
        ("POST", "/articles", json!({}), 400, ""),
        ("POST", "/articles", json!({"number": "x"}), 400, ""),
        ("POST", "/articles", with("color", json!("red")), 400, "color"),
        ("POST", "/articles", with("number", json!("a b")), 400, "number"),
        ("POST", "/articles", with("number", json!(7)), 400, ""),
        ("POST", "/articles", with("name", json!("")), 400, "name"),
        ("POST", "/articles", with("name", json!("x".repeat(101))), 400, "name"),
        ("POST", "/articles", with("pieces", json!(-1)), 400, "pieces"),
        ("POST", "/articles", with("pieces", json!(1.5)), 400, ""),
        ("POST", "/articles", with("number", json!("lamp")), 409, "number"),
        ("POST", "/articles/lamp/moves", json!({"pieces": -4}), 409, "pieces"),
        ("POST", "/articles/lamp/moves", json!({"pieces": 1, "reason": "x".repeat(201)}), 400, "reason"),
        ("POST", "/articles/none/moves", json!({"pieces": 1}), 404, ""),
        ("GET", "/articles/none", Value::Null, 404, ""),
        ("GET", "/articles/a%20b", Value::Null, 404, ""),
        ("GET", "/articles", Value::Null, 400, "shelf"),
        ("GET", "/articles?shelf=B7&color=red", Value::Null, 400, "query"),
        ("GET", "/articles?shelf=B7&cursor=x", Value::Null, 400, "cursor"),
        ("DELETE", "/articles/lamp", Value::Null, 405, ""),
        ("GET", "/lamps", Value::Null, 404, ""),
    ] {
        let (answered, problem) = room.ask(method, path, &[], &body).await;
        let message = problem["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answered, status, "{method} {path} {body}: {problem}");
        assert!(!message.is_empty() && message.contains(named), "{method} {path} {body}: {problem}");
    }
    for body in ["{", "\u{0}", r#"{"number":"fuse","name":"\ud800","shelf":"B7","pieces":1}"#] {
        assert_eq!(room.send("POST", "/articles", &[], body.to_owned()).await.0, 400, "{body}");
    }
    let (_, page) = room.ask("GET", "/articles?shelf=B7", &[], &Value::Null).await;
    assert_eq!(page["articles"].as_array().unwrap().len(), 1, "nothing was changed: {page}");
    room.host.stop().await;
}

async fn a_repeated_move_is_one_move(language: Language) {
    let room = Room::open(language).await;
    room.add("lamp", "B7", 10).await;
    for _ in 0..3 {
        let (status, lamp) = room.take("lamp", json!({"pieces": -10}), Some("move-1")).await;
        assert_eq!((status, &lamp["pieces"]), (200, &json!(0)), "{lamp}");
        assert_eq!(lamp["moves"].as_array().unwrap().len(), 1);
    }
    assert_eq!(room.take("lamp", json!({"pieces": 5}), Some("move-1")).await.0, 409);
    assert_eq!(room.take("lamp", json!({"pieces": 5}), Some("move-2")).await.1["pieces"], 5);
    room.host.stop().await;
}

async fn clients_at_once_never_take_the_same_piece(language: Language) {
    let room = Room::open(language).await;
    room.add("lamp", "B7", 12).await;
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        let room = room.client.clone();
        clients.spawn(async move {
            let mut taken = 0;
            for _ in 0..5 {
                let take = room.send("POST", "/articles/lamp/moves", &[], r#"{"pieces":-1}"#.to_owned());
                let (status, answer) = take.await;
                // 409 at the end of the shelf, and 503 if others were faster ten times.
                assert!([200, 409, 503].contains(&status), "{status} {answer}");
                taken += i64::from(status == 200);
            }
            taken
        });
    }
    let taken: i64 = clients.join_all().await.into_iter().sum();
    let (_, lamp) = room.ask("GET", "/articles/lamp", &[], &Value::Null).await;
    assert_eq!(lamp["pieces"].as_i64().unwrap() + taken, 12, "{lamp}");
    assert_eq!(lamp["moves"].as_array().unwrap().len() as i64, taken);
    assert!(taken >= 5, "{taken}");
    room.host.stop().await;
}

async fn a_long_shelf_is_listed_in_pages(language: Language) {
    let room = Room::open(language).await;
    for number in 0..60 {
        room.add(&format!("n{number}"), "long", 1).await;
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = room.ask("GET", &format!("/articles?shelf=long{cursor}"), &[], &Value::Null).await;
        let articles = page["articles"].as_array().unwrap().iter();
        found.extend(articles.map(|one| one["number"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let expected: Vec<_> = (0..60).rev().map(|number| format!("n{number}")).collect();
    assert_eq!(found, expected);
    room.host.stop().await;
}

/// The host is a process, as a user starts it.
async fn a_host_serves_its_compiled_file_with_tools_and_a_console_of_its_own(language: Language) {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path(), &["--store", "memory", "--console", "127.0.0.1:0"]);
    command.arg("--component").arg(language.compiled()).args(FLAGS);
    let host = Process::spawn_bare(&mut command);
    assert!(host.banner.contains("/articles/bolt-m8/moves"), "{}", host.banner);
    let client = Client { url: host.url.clone(), http: http() };

    let call =
        |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let (_, list) = client.mcp(&call("tools/list", json!({}))).await;
    let tools: Vec<_> =
        list["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!(tools, ["add_article", "list_articles", "get_article", "move_pieces"]);
    let arguments = json!({"number": "lamp", "name": "Lamp", "shelf": "B7", "pieces": 4});
    let added =
        client.mcp(&call("tools/call", json!({"name": "add_article", "arguments": arguments}))).await.1;
    assert_eq!(added["result"]["structuredContent"]["pieces"], 4, "{added}");

    let (console, token) = host.console();
    let shape = http().get(format!("{console}/v1/shape")).bearer_auth(token.unwrap());
    let shape: Value = serde_json::from_slice(&shape.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&shape["contract"]["title"], &shape["schema"]["key_field"]),
        (&json!("Storeroom"), &json!("number"))
    );
    assert_eq!((&shape["looks"]["title"], &shape["looks"]["by"]), (&json!("name"), &json!("shelf")));
    assert_eq!(host.end("TERM").0, Some(0));
}

/// A host in this process that serves a storeroom.
struct Room {
    host: Running,
    client: Client,
}

#[derive(Clone)]
struct Client {
    url: String,
    http: reqwest::Client,
}

impl Room {
    async fn open(language: Language) -> Room {
        let flags = [&FLAGS[..], &["--store", "memory"]].concat();
        let host = Running::start_component(language.component(), &flags).await;
        let client = Client { url: host.url.clone(), http: http() };
        Room { host, client }
    }

    async fn add(&self, number: &str, shelf: &str, pieces: u32) -> Value {
        let article = json!({"number": number, "name": "Größe M8 🔩", "shelf": shelf, "pieces": pieces});
        let (status, added) = self.ask("POST", "/articles", &[], &article).await;
        assert_eq!(status, 201, "{added}");
        added
    }

    async fn take(&self, number: &str, body: Value, key: Option<&str>) -> (u16, Value) {
        let headers: Vec<_> = key.into_iter().map(|key| ("idempotency-key", key)).collect();
        self.ask("POST", &format!("/articles/{number}/moves"), &headers, &body).await
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, headers, body).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> (u16, Value) {
        self.client.send(method, path, headers, body).await
    }
}

impl Client {
    /// Sends a request and checks the answer against the contract.
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> (u16, Value) {
        let (status, answer) = self.ask(method, path, headers, body).await;
        let schema = match status {
            200 | 201 if path.contains('?') => "Page",
            200 | 201 => "Article",
            _ => "Problem",
        };
        if let Err(error) = contract(schema).validate(&answer) {
            panic!("{method} {path} -> {status}: {error}: {answer}");
        }
        (status, answer)
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> (u16, Value) {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url)).header("x-api-key", KEY);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    async fn mcp(&self, message: &Value) -> (u16, Value) {
        self.ask("POST", "/mcp", &[], message.to_string()).await
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The schema of an answer in the contract of the storeroom.
fn contract(name: &str) -> &'static Validator {
    static VALIDATORS: OnceLock<Vec<(&str, Validator)>> = OnceLock::new();
    let all = VALIDATORS.get_or_init(|| {
        let root: Value =
            serde_saphyr::from_str(include_str!("../../examples/components/openapi.yaml")).unwrap();
        let page = "/paths/~1articles/get/responses/200/content/application~1json/schema";
        let problem = "/components/responses/Problem/content/application~1json/schema";
        let places = [("Article", "/components/schemas/Article"), ("Page", page), ("Problem", problem)];
        let compiled = places.map(|(name, place)| {
            let mut schema = root.pointer(place).unwrap().clone();
            schema["components"] = root["components"].clone();
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            (name, options.build(&schema).unwrap())
        });
        compiled.into_iter().collect()
    });
    all.iter().find_map(|(schema, validator)| (*schema == name).then_some(validator)).unwrap()
}
