//! What messages are answered.

use hyper::header::CONTENT_TYPE;

use super::*;

/// What a message is answered, with the requests that it performed.
async fn said(headers: &[(&'static str, &'static str)], body: impl AsRef<[u8]>) -> (u16, Value, Vec<String>) {
    let mcp = Mcp::new(tools(&McpSettings::default()).0);
    let mut all = HeaderMap::new();
    all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        all.insert(*name, HeaderValue::from_static(value));
    }
    let mut performed = Vec::new();
    let perform = async |request: Request<Bytes>| {
        performed.push(format!("{} {}", request.method(), request.uri()));
        Performed { answer: answer(200, &json!({"pen": 1})), request_id: "r".to_owned() }
    };
    let answer = mcp.answer(&all, &Bytes::copy_from_slice(body.as_ref()), false, perform).await;
    let (status, body) = (answer.status().as_u16(), answer.into_body());
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    (status, body, performed)
}

fn message(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string()
}

#[tokio::test]
async fn a_call_performs_its_operation_once() {
    let call = message("tools/call", &json!({"name": "get_pen", "arguments": {"pen": "1"}}));
    let (status, body, performed) = said(&[], &call).await;
    assert_eq!((status, performed), (200, vec!["GET /pens/1".to_owned()]));
    assert_eq!(body["result"]["structuredContent"], json!({"pen": 1}), "{body}");
    assert_eq!(body["id"], 7);
    let read = message("resources/read", &json!({"uri": "zoo://pens/a%20b"}));
    let (_, body, performed) = said(&[], &read).await;
    assert_eq!(performed, ["GET /pens/a%20b"]);
    assert_eq!(body["result"]["contents"][0]["text"], r#"{"pen":1}"#, "{body}");
}

/// The parameters of a message of the newest protocol.
fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "a", "version": "1"},
    });
    params
}

/// A name in base64 and an old version leave a call to the SDK, which must answer it as it is answered without the SDK.
#[tokio::test]
async fn a_call_is_answered_alike_with_and_without_the_sdk() {
    let version = ("mcp-protocol-version", "2026-07-28");
    let method = ("mcp-method", "tools/call");
    let name = ("mcp-name", "get_pen");
    let encoded_name = ("mcp-name", "=?base64?Z2V0X3Blbg==?=");
    for arguments in [json!({"pen": "1"}), json!({"pen": "1", "none": 1}), json!({})] {
        let params = json!({"name": "get_pen", "arguments": arguments});
        let new = message("tools/call", &modern(params.clone()));
        let without = said(&[version, method, name], &new).await;
        assert_eq!(without, said(&[version, method, encoded_name], &new).await);
        assert_eq!((without.0, &without.1["result"]["resultType"]), (200, &Value::from("complete")));
        let old = message("tools/call", &params);
        let without = said(&[], &old).await;
        assert_eq!(without, said(&[("mcp-protocol-version", "2024-11-05")], &old).await);
        assert_eq!(without, said(&[("mcp-protocol-version", "2025-06-18")], &old).await);
        assert_eq!((without.0, without.1["result"].get("resultType")), (200, None));
    }
}

#[tokio::test]
async fn a_call_whose_headers_or_metadata_disagree_with_it_is_refused() {
    let params = json!({"name": "get_pen", "arguments": {"pen": "1"}});
    let new = message("tools/call", &modern(params.clone()));
    let mut incomplete = modern(params.clone());
    incomplete["_meta"].as_object_mut().unwrap().remove("io.modelcontextprotocol/clientCapabilities");
    let incomplete = message("tools/call", &incomplete);
    let old = message("tools/call", &params);
    let version = ("mcp-protocol-version", "2026-07-28");
    let method = ("mcp-method", "tools/call");
    let name = ("mcp-name", "get_pen");
    for (headers, body, code) in [
        (&[][..], &new, -32020),
        (&[version, name], &new, -32020),
        (&[version, method], &new, -32020),
        (&[version, ("mcp-method", "tools/list"), name], &new, -32020),
        (&[version, method, ("mcp-name", "put_pen")], &new, -32020),
        (&[("mcp-protocol-version", "2025-06-18"), method, name], &new, -32020),
        (&[version, method, name], &incomplete, -32602),
        (&[version, method, name], &old, -32602),
    ] {
        let (status, answer, performed) = said(headers, body).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &Value::from(code)), "{headers:?} {answer}");
        assert_eq!(performed, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_message_that_is_malformed_gets_an_error_of_json_rpc() {
    let params = |text: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{text}}}"#);
    for (body, status, code) in [
        ("{", 400, -32700),
        ("", 400, -32700),
        ("[]", 400, -32600),
        ("3", 400, -32600),
        (r#"{"id":1,"method":"ping"}"#, 400, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, 400, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":3}"#, 400, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, 400, -32600),
        (&params("[]"), 200, -32602),
        (&params(r#"{"name":"get_pen","arguments":[]}"#), 200, -32602),
        (&params(r#"{"name":"get_pen","arguments":"x"}"#), 200, -32602),
        (&params(r#"{"name":3}"#), 200, -32602),
        (&params(r#"{"name":"nothing"}"#), 200, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"nothing"}"#, 200, -32601),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"zoo://nowhere"}}"#,
            200,
            -32002,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"zoo://pens/1/animals"}}"#,
            200,
            -32002,
        ),
    ] {
        let (found, answer, performed) = said(&[], body).await;
        assert_eq!((found, &answer["error"]["code"]), (status, &Value::from(code)), "{body} {answer}");
        assert_eq!(performed, Vec::<String>::new());
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_arguments = params(&format!(r#"{{"name":"get_pen","arguments":{{"pen":{deep}}}}}"#));
    for body in [&b"{\"a\":\"\xff\"}"[..], b"\0", b"{}\0", deep.as_bytes(), deep_arguments.as_bytes()] {
        let (status, answer, performed) = said(&[], body).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &Value::from(-32700)), "{answer}");
        assert_eq!((&answer["id"], performed), (&Value::Null, Vec::new()));
    }
    let (_, answer, _) = said(&[], r#"{"id":5,"method":"ping"}"#).await;
    assert_eq!(answer["id"], 5, "a request whose id is known is answered by it: {answer}");
    let (status, answer, _) = said(&[("content-type", "text/plain")], "{}").await;
    assert_eq!((status, &answer["error"]["code"]), (415, &Value::from(-32600)));
    let (status, answer, _) =
        said(&[("mcp-protocol-version", "1999-01-01")], &message("tools/list", &json!({}))).await;
    assert_eq!((status, answer["error"]["code"].is_number()), (400, true), "{answer}");
}

#[tokio::test]
async fn both_eras_are_served() {
    let initialize = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}});
    let (status, body, _) = said(&[], &message("initialize", &initialize)).await;
    assert_eq!((status, &body["result"]["protocolVersion"]), (200, &Value::from("2025-06-18")), "{body}");
    assert_eq!(body["result"]["serverInfo"], json!({"name": "Zoo", "version": "2.1.0"}));
    assert_eq!(body["result"]["instructions"], "Animals and their keepers.");
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(said(&[], initialized).await.0, 202);
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];
    let (status, body, _) = said(&headers, &message("tools/list", &modern(json!({})))).await;
    assert_eq!((status, &body["result"]["ttlMs"]), (200, &Value::from(3_600_000)), "{body}");
    assert_eq!(body["result"]["tools"].as_array().unwrap().len(), 5);
    let (_, legacy, _) = said(&[], &message("tools/list", &json!({}))).await;
    assert_eq!(legacy["result"]["tools"], body["result"]["tools"]);
    assert_eq!(legacy["result"].get("resultType"), None);
}
