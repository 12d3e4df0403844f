//! What agents get from a contract, checked with a contract of a domain that no test of the host has.

mod messages;

use hyper::StatusCode;
use hyper::header::{ETAG, HeaderValue};
use serde_json::{Value, json};

use super::*;

const CONTRACT: &str = r#"
openapi: 3.0.3
info: {title: Zoo, version: 2.1.0, description: "Animals and their keepers.\n\nMore.", x-mcp-scheme: zoo}
paths:
  /pens/{pen}/animals:
    parameters: [{name: pen, in: path, required: true, schema: {type: string}}]
    get:
      operationId: list_animals
      summary: List animals
      description: Lists the animals of a pen.
      parameters:
        - {name: kind, in: query, schema: {type: array, items: {type: string}}}
        - {name: near, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: legs, in: query, style: pipeDelimited, schema: {type: array, items: {type: integer}}}
        - {name: limit, in: query, schema: {type: integer, exclusiveMinimum: true, minimum: 0}}
        - {name: Accept-Language, in: header, schema: {type: string}}
      responses:
        '200': {description: A list, content: {application/json: {schema: {type: array, items: {type: string}}}}}
    post:
      operationId: add_animal
      x-mcp: {annotations: {destructiveHint: false}, title: Add one}
      parameters:
        - {name: Idempotency-Key, in: header, description: Once only., schema: {type: string, pattern: '^a$'}}
        - {name: If-Match, in: header, schema: {type: string}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties:
                name: {type: string, example: Leo}
                weight: {type: number, nullable: true}
                keeper: {$ref: '#/components/schemas/Keeper'}
      responses:
        '201':
          description: The animal
          headers: {ETag: {schema: {type: string}}}
          content: {application/json: {schema: {type: object, properties: {name: {type: string, maxLength: 9}}}}}
  /pens/{pen}:
    get:
      operationId: get_pen
      x-mcp: {resource: true}
      parameters: [{name: pen, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: A pen, content: {application/json: {schema: {type: object}}}}}
    put:
      operationId: put_pen
      parameters: [{name: pen, in: path, required: true, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {pen: {type: string}}}}}}
      responses: {'204': {description: Done}}
    delete:
      operationId: delete_pen
      parameters: [{name: pen, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: Done}}
  /hidden:
    get: {operationId: hidden, x-mcp: {tool: false}}
    post: {summary: It has no name.}
    put: {operationId: wrong, x-mcp: {tools: false}}
    delete: {operationId: 'not a name'}
  /searches:
    get:
      operationId: search_by_object
      parameters: [{name: by, in: query, schema: {type: object}}]
    post:
      operationId: search_deep
      parameters: [{name: by, in: query, style: deepObject, schema: {}}]
    put:
      operationId: search_document
      parameters: [{name: by, in: query, content: {application/json: {schema: {type: object}}}}]
  /searches/{by}:
    get:
      operationId: search_list
      parameters: [{name: by, in: path, required: true, schema: {type: array, items: {type: string}}}]
    put:
      operationId: search_matrix
      parameters: [{name: by, in: path, required: true, style: matrix, schema: {anyOf: [{type: string}]}}]
    delete:
      operationId: search_choice
      parameters: [{name: by, in: path, required: true, schema: {anyOf: [{type: string}, {type: object}]}}]
components:
  schemas:
    Keeper: {type: object, properties: {name: {type: string}, boss: {type: string, x-secret: 1}}}
"#;

fn tools(settings: &McpSettings) -> (Tools, Vec<String>) {
    let contract = Arc::new(Contract::parse(CONTRACT).unwrap());
    let (tools, refused) = Tools::of(&contract, settings).unwrap();
    (tools, refused.iter().map(ToString::to_string).collect())
}

fn listed(name: &str) -> Value {
    let (tools, _) = tools(&McpSettings::default());
    serde_json::to_value(&tools.find(name).unwrap().listed).unwrap()
}

fn names(settings: &McpSettings) -> Vec<String> {
    tools(settings).0.listed().map(|tool| tool.name.to_string()).collect()
}

#[test]
fn every_operation_with_a_name_is_a_tool_and_the_others_are_reported() {
    let all = ["list_animals", "add_animal", "get_pen", "put_pen", "delete_pen"];
    assert_eq!(names(&McpSettings::default()), all);
    let (_, refused) = tools(&McpSettings::default());
    assert_eq!(refused[0], "GET /hidden is not a tool for agents: x-mcp hides it");
    assert_eq!(refused[1], "POST /hidden is not a tool for agents: it has no operationId");
    assert!(refused[2].starts_with("PUT /hidden is not a tool for agents: x-mcp: unknown field `tools`"));
    assert!(refused[3].starts_with("DELETE /hidden is not a tool for agents: its operationId is not"));
    assert_eq!(
        refused[4..],
        [
            "GET /searches is not a tool for agents: its parameter by is an object outside of the body",
            "POST /searches is not a tool for agents: its parameter by has the style deepObject, which a call cannot write",
            "PUT /searches is not a tool for agents: its parameter by has a media type, and a call sends plain values",
            "GET /searches/{by} is not a tool for agents: its parameter by is a list in the path",
            "PUT /searches/{by} is not a tool for agents: its parameter by has the style matrix, which a call cannot write",
            "DELETE /searches/{by} is not a tool for agents: its parameter by is an object outside of the body",
        ]
    );
}

#[test]
fn reads_alone_are_left_where_only_they_are_allowed() {
    let reads = ["list_animals", "get_pen"];
    assert_eq!(names(&McpSettings { is_read_only: true, ..McpSettings::default() }), reads);
    let named = McpSettings { names: vec!["get_pen".into(), "put_pen".into()], ..McpSettings::default() };
    assert_eq!(names(&named), ["get_pen", "put_pen"]);
}

#[test]
fn a_tool_has_the_parameters_and_the_members_of_the_body() {
    let tool = listed("add_animal");
    assert_eq!(tool["title"], "Add one");
    assert_eq!(
        tool["inputSchema"],
        json!({
            "type": "object",
            "properties": {
                "pen": {"type": "string"},
                "idempotency_key": {"type": "string", "description": "Once only."},
                "if_match": {"type": "string", "description": "The etag of an earlier answer. If the item has changed since, nothing is done."},
                "name": {"type": "string"},
                "weight": {"type": ["number", "null"]},
                "keeper": {"type": "object", "properties": {"name": {"type": "string"}, "boss": {"type": "string"}}},
            },
            "required": ["pen", "name"],
            "additionalProperties": false,
        })
    );
    assert_eq!(
        tool["outputSchema"],
        json!({"type": "object", "properties": {"name": {"type": "string"}, "etag": {"type": "string"}}})
    );
    assert_eq!(
        tool["annotations"],
        json!({"readOnlyHint": false, "destructiveHint": false, "idempotentHint": false, "openWorldHint": false})
    );
    let list = listed("list_animals");
    assert_eq!(list["inputSchema"]["properties"]["limit"], json!({"type": "integer", "exclusiveMinimum": 0}));
    assert_eq!(list.get("outputSchema"), None, "an array is no structured answer");
    assert_eq!(list["annotations"], json!({"readOnlyHint": true, "openWorldHint": false}));
    // A member that has the name of a parameter leaves the body whole.
    let properties = &listed("put_pen")["inputSchema"]["properties"];
    assert_eq!(properties["body"]["type"], "object");
    assert_eq!(listed("delete_pen")["annotations"]["idempotentHint"], true);
}

/// The request of a call, as a line, or why there is none.
fn request(name: &str, arguments: Value) -> Result<String, String> {
    let (tools, _) = tools(&McpSettings::default());
    let Value::Object(arguments) = arguments else { panic!() };
    let request = tools.find(name).unwrap().request(arguments).map_err(|error| error.to_string())?;
    let headers =
        request.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    let headers = headers.collect::<Vec<_>>().join(" ");
    let body = String::from_utf8(request.body().to_vec()).unwrap();
    Ok(format!("{} {} {headers} {body}", request.method(), request.uri()))
}

#[test]
fn arguments_become_the_request_that_they_stand_for() {
    for (name, arguments, expected) in [
        (
            "list_animals",
            json!({"pen": "a/../b?x=1", "kind": ["cat", "a&b"], "limit": 3}),
            "GET /pens/a%2F..%2Fb%3Fx%3D1/animals?kind=cat&kind=a%26b&limit=3  ",
        ),
        ("list_animals", json!({"pen": "..", "limit": null}), "GET /pens/%2E%2E/animals  "),
        (
            "list_animals",
            json!({"pen": "1", "near": ["a", "b,c"], "legs": [2, 4], "kind": []}),
            "GET /pens/1/animals?near=a,b%2Cc&legs=2%7C4  ",
        ),
        ("list_animals", json!({"pen": "1", "near": [], "legs": 4}), "GET /pens/1/animals?legs=4  "),
        ("list_animals", json!({"pen": "{pen}é"}), "GET /pens/%7Bpen%7D%C3%A9/animals  "),
        (
            "add_animal",
            json!({"pen": "1", "idempotency_key": "k", "if_match": 3, "name": "Leo", "weight": null, "keeper": null}),
            r#"POST /pens/1/animals idempotency-key: k if-match: "3" content-type: application/json {"name":"Leo","weight":null}"#,
        ),
        (
            "add_animal",
            json!({"pen": "1", "if_match": "W/\"3\""}),
            r#"POST /pens/1/animals if-match: W/"3" content-type: application/json {}"#,
        ),
        (
            "add_animal",
            json!({"pen": "1", "if_match": "*", "name": 1}),
            r#"POST /pens/1/animals if-match: * content-type: application/json {"name":1}"#,
        ),
        (
            "put_pen",
            json!({"pen": "1", "body": {"pen": "2"}}),
            r#"PUT /pens/1 content-type: application/json {"pen":"2"}"#,
        ),
        ("put_pen", json!({"pen": "1"}), "PUT /pens/1  "),
    ] {
        assert_eq!(request(name, arguments).as_deref(), Ok(expected), "{name}");
    }
}

#[test]
fn arguments_that_cannot_be_a_request_are_refused_by_name() {
    for (name, arguments, expected) in [
        ("get_pen", json!({}), "The argument `pen` is missing."),
        ("get_pen", json!({"pen": ["x"]}), "The argument `pen` must be a string, a number or a boolean."),
        ("get_pen", json!({"pen": "1", "Pen": "1"}), "There is no argument `Pen`. The arguments are: pen."),
        (
            "add_animal",
            json!({"pen": "1", "idempotency_key": "a\r\nx: y"}),
            "The argument `idempotency_key` has characters that are not allowed there, such as line breaks.",
        ),
        (
            "get_pen",
            json!({"pen": "x".repeat(70_000)}),
            "The arguments of the path and the query are too long.",
        ),
    ] {
        assert_eq!(request(name, arguments), Err(expected.to_owned()), "{name}");
    }
}

fn answer(status: u16, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

#[test]
fn a_success_is_structured_and_has_the_etag_without_quotes() {
    let (tools, _) = tools(&McpSettings::default());
    let mut ok = answer(201, &json!({"name": "Leo"}));
    ok.headers_mut().insert(ETAG, HeaderValue::from_static("\"3\""));
    let result = tools.find("add_animal").unwrap().result(&ok, "r");
    assert_eq!(result.structured_content, Some(json!({"name": "Leo", "etag": "3"})));
    assert_eq!(result.is_error, Some(false));
    let list = tools.find("list_animals").unwrap().result(&answer(200, &json!(["a"])), "r");
    assert_eq!((list.structured_content, list.content.len()), (None, 1));
    let empty = Response::builder().status(204).body(Bytes::new()).unwrap();
    assert_eq!(tools.find("delete_pen").unwrap().result(&empty, "r").is_error, Some(false));
}

const WRITE: outcome::Call = outcome::Call { is_write: true, has_key: true };

#[test]
fn a_failure_states_what_is_allowed_and_what_to_do_next() {
    let conflict =
        json!({"message": "m", "title": "Full", "detail": "The pen is full.", "allowed": ["a", "b"]});
    let invalid = json!({"message": "Wrong.", "errors": [{"field": "name", "message": "It is missing."}]});
    let unknown = json!({"message": "Late", "outcome": "unknown"});
    for (status, body, expected) in [
        (
            409,
            conflict,
            "409 Full: The pen is full.\nallowed: a, b\nDo not repeat the call as it is. Choose what is allowed now.",
        ),
        (
            400,
            invalid,
            "400 Bad Request: Wrong.\nname: It is missing.\nChange the arguments, then call again.",
        ),
        (
            504,
            unknown,
            "504 Gateway Timeout: Late\nIt may have been done. Repeat it only with the same idempotency_key, or read first what is there. (request r-1)",
        ),
        (
            504,
            json!({"message": "Late"}),
            "504 Gateway Timeout: Late\nIt may have been done. Repeat it only with the same idempotency_key, or read first what is there. (request r-1)",
        ),
        (
            500,
            json!({"type": "about:blank"}),
            "500 Internal Server Error: Internal Server Error\nDo not repeat the call. Report the id of the request to the operator. (request r-1)",
        ),
    ] {
        assert_eq!(outcome::text(&answer(status, &body), "r-1", WRITE), expected);
    }
    let mut busy = answer(503, &json!({"message": "Service Unavailable"}));
    busy.headers_mut().insert("retry-after", HeaderValue::from_static("7"));
    assert!(outcome::text(&busy, "r", WRITE).contains("Repeat the call after 7 seconds."));
}
