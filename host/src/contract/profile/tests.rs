//! What a profile makes of small contracts.

use super::*;

/// A contract with one operation whose body has this schema, and with one more schema.
fn contract(schema: &Value) -> String {
    let body = json!({ "content": { "application/json": { "schema": schema } } });
    with_body(&body)
}

fn with_body(body: &Value) -> String {
    let answers = json!({ "200": { "description": "Done" } });
    let operation = json!({ "operationId": "do_it", "requestBody": body, "responses": answers });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Zoo", "version": "1", "summary": "Short.", "license": { "name": "MIT", "identifier": "MIT" } },
        "paths": { "/pens/{pen}": { "post": operation } },
        "components": { "schemas": { "Pen": { "type": "object" } } },
    })
    .to_string()
}

fn written(contract: &str, profile: Profile) -> Result<Value, String> {
    let server = "https://zoo.example.net".parse().unwrap();
    document(contract, profile, &server, &[]).map_err(|error| error.to_string())
}

/// The schema of the body in a profile.
fn converted(schema: &Value, profile: Profile) -> Result<Value, String> {
    let document = written(&contract(schema), profile)?;
    let operation = &document["paths"]["/pens/{pen}"]["post"];
    let body = operation.pointer("/requestBody/content/application~1json/schema");
    Ok(body.unwrap_or(&operation["parameters"][0]["schema"]).clone())
}

#[test]
fn what_only_newer_schemas_have_is_written_as_older_ones_have_it() {
    for (schema, expected) in [
        (json!({"type": ["string", "null"]}), json!({"nullable": true, "type": "string"})),
        (json!({"type": ["string"]}), json!({"type": "string"})),
        (json!({"const": "a"}), json!({"enum": ["a"]})),
        (json!({"type": "string", "examples": ["a"], "example": "a"}), json!({"type": "string"})),
        (
            json!({"type": "integer", "exclusiveMinimum": 3}),
            json!({"type": "integer", "minimum": 3, "exclusiveMinimum": true}),
        ),
        (json!({"exclusiveMinimum": 3, "minimum": 4}), json!({"minimum": 4})),
        (json!({"exclusiveMaximum": 3, "maximum": 4}), json!({"exclusiveMaximum": true, "maximum": 3})),
        (json!({"minimum": 3, "exclusiveMinimum": false}), json!({"minimum": 3, "exclusiveMinimum": false})),
        (json!({"type": "array"}), json!({"type": "array", "items": {}})),
        (
            json!({"type": "object", "additionalProperties": false}),
            json!({"type": "object", "additionalProperties": false}),
        ),
        (json!({"additionalProperties": {"const": 1}}), json!({"additionalProperties": {"enum": [1]}})),
        (
            json!({"anyOf": [{"type": "string", "title": "T"}, {"type": "null"}], "title": "Own", "default": null}),
            json!({"type": "string", "nullable": true, "title": "Own", "default": null}),
        ),
        (
            json!({"$ref": "#/components/schemas/Pen", "description": "A pen."}),
            json!({"$ref": "#/components/schemas/Pen"}),
        ),
        (json!(true), json!({})),
        (json!({"type": "string", "contentEncoding": "base64", "$comment": "c"}), json!({"type": "string"})),
    ] {
        assert_eq!(converted(&schema, Profile::Agentcore), Ok(expected), "{schema}");
    }
}

#[test]
fn each_profile_has_its_own_words_for_some_keywords() {
    let schema =
        json!({"type": ["string", "null"], "enum": ["a", "b"], "description": "One.", "deprecated": true});
    let expected =
        json!({"nullable": true, "type": "string", "description": "One. One of: a, b.", "deprecated": true});
    assert_eq!(converted(&schema, Profile::Openapi300), Ok(expected));
    let expected = json!({"x-nullable": true, "type": "string", "enum": ["a", "b"], "description": "One."});
    assert_eq!(converted(&schema, Profile::Swagger2), Ok(expected));
    let reference = json!({"type": "array", "items": {"$ref": "#/components/schemas/Pen"}});
    let expected = json!({"type": "array", "items": {"$ref": "#/definitions/Pen"}});
    assert_eq!(converted(&reference, Profile::Swagger2), Ok(expected));
}

#[test]
fn what_cannot_be_written_is_refused_with_its_place() {
    const BODY: &str = "/paths/~1pens~1{pen}/post/requestBody/content/application~1json/schema";
    for (schema, what, place) in [
        (json!({"type": ["string", "integer"]}), "more than one type", "/type"),
        (json!({"type": ["string", "integer", "null"]}), "more than one type", "/type"),
        (json!({"type": "null"}), "the type null alone", "/type"),
        (json!({"prefixItems": []}), "prefixItems", ""),
        (json!({"properties": {"a/b": {"if": {}}}}), "if", "/properties/a~1b"),
        (json!({"items": {"patternProperties": {}}}), "patternProperties", "/items"),
        (json!({"allOf": []}), "allOf", ""),
        (json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}), "a choice of schemas", "/oneOf"),
        (
            json!({"anyOf": [{"$ref": "#/components/schemas/Pen"}, {"type": "null"}]}),
            "null beside $ref",
            "/anyOf",
        ),
        (json!({"$ref": "#/components/schemas/Pen", "maxProperties": 3}), "maxProperties beside $ref", ""),
        (json!({"$ref": "https://example.net/pen.json"}), "a $ref to something other than its schemas", ""),
        (json!({"properties": {"a": false}}), "a schema that is not an object", "/properties/a"),
        (json!({"unheardOf": 1}), "unheardOf", ""),
    ] {
        for profile in [Profile::Agentcore, Profile::Openapi300, Profile::Swagger2] {
            let expected =
                format!("the contract uses {what} at {BODY}{place}, which this profile cannot express");
            assert_eq!(converted(&schema, profile), Err(expected), "{schema}");
        }
    }
}

#[test]
fn a_property_can_have_the_name_of_a_keyword() {
    let names = [
        "properties",
        "headers",
        "oneOf",
        "not",
        "enum",
        "$ref",
        "example",
        "x-y",
        "const",
        "nullable",
        "schemas",
    ];
    let of =
        |schema: Value| names.iter().map(|name| ((*name).to_owned(), schema.clone())).collect::<Map<_, _>>();
    let schema =
        json!({"type": "object", "properties": of(json!({"const": "a"})), "required": names, "example": 1});
    let expected = json!({"type": "object", "properties": of(json!({"enum": ["a"]})), "required": names});
    assert_eq!(converted(&schema, Profile::Agentcore), Ok(expected));
    // What a schema has within a property of such a name is a schema all the same.
    let hidden = json!({"properties": {"properties": {"oneOf": []}, "headers": {"example": 1, "x-y": 2}}});
    assert!(converted(&hidden, Profile::Agentcore).unwrap_err().contains("/properties/properties/oneOf"));
    // Data is not a schema.
    let data = json!({"default": {"$ref": "#/components/schemas/Pen", "nullable": true, "x-y": 1}});
    assert_eq!(converted(&data, Profile::Swagger2), Ok(data));
}

#[test]
fn a_body_is_json_or_the_profile_is_refused() {
    let place = "/paths/~1pens~1{pen}/post/requestBody";
    for types in [&["multipart/form-data"][..], &["text/plain", "application/xml"], &[]] {
        let content: Map<String, Value> = types.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        let refused = written(&with_body(&json!({ "content": content })), Profile::Agentcore);
        assert_eq!(
            refused,
            Err(format!(
                "the request body at {place} is not application/json, and this profile has no other bodies"
            ))
        );
    }
    let content =
        json!({"multipart/form-data": {}, "application/json; charset=utf-8": {"schema": {"type": "object"}}});
    let document = written(&with_body(&json!({ "content": content })), Profile::Agentcore).unwrap();
    assert_eq!(
        document["paths"]["/pens/{pen}"]["post"]["requestBody"],
        json!({"content": {"application/json": {"schema": {"type": "object"}}}})
    );
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(document["info"], json!({"title": "Zoo", "version": "1", "license": {"name": "MIT"}}));
}

#[test]
fn only_the_operations_that_are_asked_for_are_written() {
    let operation =
        |id: &str| json!({ "operationId": id, "responses": { "200": { "description": "Done" } } });
    let contract = json!({ "paths": {
        "/pens": { "get": operation("list_pens"), "post": operation("make_pen") },
        "/pens/{pen}": { "delete": operation("remove_pen") },
    } });
    let written = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let server = "https://zoo.example.net".parse().unwrap();
        document(&contract.to_string(), Profile::Agentcore, &server, &names)
    };
    let paths = written(&["list_pens"]).unwrap()["paths"].clone();
    assert_eq!(paths.as_object().unwrap().keys().collect::<Vec<_>>(), ["/pens"]);
    assert_eq!(paths["/pens"].as_object().unwrap().keys().collect::<Vec<_>>(), ["get"]);
    assert_eq!(written(&[]).unwrap()["paths"].as_object().unwrap().len(), 2);
    assert_eq!(
        written(&["list_pens", "open_pen"]).unwrap_err().to_string(),
        "--operations: there is no operation \"open_pen\"; the operations are list_pens, make_pen, remove_pen"
    );
}

/// A contract with one operation that has one parameter.
fn with_parameter(parameter: &Value) -> String {
    let operation = json!({ "parameters": [parameter], "responses": { "200": { "description": "Done" } } });
    let schemas = json!({ "Kinds": { "type": "array", "items": { "$ref": "#/components/schemas/Kind" } }, "Kind": { "type": "string" } });
    json!({ "paths": { "/pens": { "get": operation } }, "components": { "schemas": schemas } }).to_string()
}

#[test]
fn a_parameter_of_swagger_is_flat_and_separated_as_its_style_has_it() {
    let list = json!({ "$ref": "#/components/schemas/Kinds" });
    for (style, explode, separator) in [
        (None, None, "multi"),
        (Some("form"), Some(true), "multi"),
        (None, Some(false), "csv"),
        (Some("spaceDelimited"), Some(false), "ssv"),
        (Some("pipeDelimited"), Some(false), "pipes"),
    ] {
        let mut parameter = json!({ "name": "kind", "in": "query", "schema": list });
        parameter["style"] = style.map_or(json!("form"), Value::from);
        if let Some(explode) = explode {
            parameter["explode"] = explode.into();
        }
        let document = written(&with_parameter(&parameter), Profile::Swagger2).unwrap();
        let expected = json!({
            "name": "kind", "in": "query", "type": "array", "items": { "type": "string" }, "collectionFormat": separator,
        });
        assert_eq!(document["paths"]["/pens"]["get"]["parameters"][0], expected);
    }
    for (parameter, what) in [
        (json!({"name": "a", "in": "query", "schema": {"type": "object"}}), "an object outside of a body"),
        (json!({"name": "a", "in": "query", "style": "deepObject", "schema": {}}), "the style deepObject"),
        (json!({"name": "a", "in": "query", "content": {"application/json": {}}}), "content"),
    ] {
        let refused = written(&with_parameter(&parameter), Profile::Swagger2);
        let expected = format!(
            "the contract uses {what} at /paths/~1pens/get/parameters/a, which this profile cannot express"
        );
        assert_eq!(refused, Err(expected));
    }
}
