use hyper::Method;
use serde_json::{Value, json};

use super::{Contract, ContractError, ParameterLocation};

const PETS: &str = r"
openapi: 3.0.3
paths:
  /pets/{pet}:
    parameters:
      - $ref: '#/components/parameters/Pet'
      - {name: lang, in: query, description: of the path}
    summary: not an operation
    get:
      operationId: read_pet
      summary: Read a pet
      description: All of it
      parameters:
        - {name: lang, in: query, required: true, description: of the operation, example: en}
        - {name: lang, in: header}
        - {name: nowhere, in: mouth}
      responses:
        '200':
          description: The pet
          headers: {ETag: {$ref: '#/components/headers/ETag'}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Pet'}
              examples: {cat: {$ref: '#/components/examples/Cat'}}
        '404': {$ref: '#/components/responses/Missing'}
      x-codeSamples:
        - {lang: Shell, label: Read, source: curl}
        - {lang: Shell}
      x-tool: {name: pet}
  /pets:
    post:
      operationId: create_pet
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
      responses:
        '404': {$ref: '#/components/responses/Missing'}
  /pets/mine:
    get: {operationId: read_my_pet}
components:
  parameters:
    Pet: {name: pet, in: path, required: true, schema: {$ref: '#/components/schemas/Name'}}
  headers:
    ETag: {description: The version}
  responses:
    Missing: {description: No such pet}
  schemas:
    Name: {type: string}
    Pet: {type: object, properties: {name: {$ref: '#/components/schemas/Name'}}}
  examples:
    Cat: {summary: A cat, value: {name: Tom}}
";

fn pets() -> Contract {
    Contract::parse(PETS).unwrap()
}

fn pet_schema() -> Value {
    json!({"type": "object", "properties": {"name": {"type": "string"}}})
}

#[test]
fn operations_are_in_the_order_of_the_document() {
    let contract = pets();
    let found = contract.operations().iter().map(|operation| {
        (operation.method.as_str(), operation.path.as_str(), operation.id.as_deref().unwrap())
    });
    let expected = [
        ("GET", "/pets/{pet}", "read_pet"),
        ("POST", "/pets", "create_pet"),
        ("GET", "/pets/mine", "read_my_pet"),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(contract.document, PETS);
}

#[test]
fn references_to_components_are_resolved() {
    let contract = pets();
    let [read, create, _] = contract.operations() else { panic!("three operations") };
    assert_eq!(read.parameters[0].name, "pet");
    assert_eq!(read.parameters[0].schema, json!({"type": "string"}));
    let answer = &read.answers["200"];
    assert_eq!(answer.headers["ETag"], json!({"description": "The version"}));
    assert_eq!(answer.content["application/json"].schema, pet_schema());
    assert_eq!(answer.content["application/json"].examples["cat"].value, json!({"name": "Tom"}));
    assert_eq!(read.answers["404"].description, "No such pet");
    assert!(std::sync::Arc::ptr_eq(&read.answers["404"], &create.answers["404"]));
    let body = create.body.as_ref().unwrap();
    assert!(body.required);
    assert_eq!(body.content["application/json"].schema, pet_schema());
}

#[test]
fn an_operation_overrides_the_parameters_of_its_path_and_malformed_parts_are_left_out() {
    let contract = pets();
    let read = &contract.operations()[0];
    let parameters = read
        .parameters
        .iter()
        .map(|parameter| (parameter.name.as_str(), parameter.location, parameter.description.as_str()));
    let expected = [
        ("pet", ParameterLocation::Path, ""),
        ("lang", ParameterLocation::Query, "of the operation"),
        ("lang", ParameterLocation::Header, ""),
    ];
    assert_eq!(parameters.collect::<Vec<_>>(), expected);
    assert_eq!((read.summary.as_str(), read.description.as_str()), ("Read a pet", "All of it"));
    let [sample] = read.samples.as_slice() else { panic!("one sample is well-formed") };
    assert_eq!(
        (sample.lang.as_str(), sample.label.as_str(), sample.source.as_str()),
        ("Shell", "Read", "curl")
    );
    assert_eq!(read.extensions.iter().collect::<Vec<_>>(), [(&"x-tool".to_owned(), &json!({"name": "pet"}))]);
}

#[test]
fn a_path_is_chosen_before_the_method_and_a_literal_segment_before_a_parameter() {
    let contract = pets();
    let id = |method: &str, path: &str| {
        let route = contract.route(&Method::from_bytes(method.as_bytes()).unwrap(), path)?;
        let parameters = route.parameters.into_iter().map(|(name, value)| format!("{name}={value}"));
        Some((route.operation.id.clone()?, parameters.collect::<Vec<_>>().join(",")))
    };
    let found = |id: &str, parameters: &str| Some((id.to_owned(), parameters.to_owned()));
    assert_eq!(id("GET", "/pets/tom"), found("read_pet", "pet=tom"));
    assert_eq!(id("HEAD", "/pets/tom"), found("read_pet", "pet=tom"));
    assert_eq!(id("GET", "/pets/mine"), found("read_my_pet", ""));
    assert_eq!(id("POST", "/pets"), found("create_pet", ""));
    assert_eq!(id("GET", "/p%65ts/m%69ne"), found("read_my_pet", ""));
    assert_eq!(id("GET", "/pets/a%2Fb%2541"), found("read_pet", "pet=a/b%41"));
    for (method, path) in [
        ("DELETE", "/pets"),
        ("POST", "/pets/mine"),
        ("GET", "/pets/"),
        ("GET", "/pets/tom/"),
        ("GET", "/pets/%"),
        ("GET", "/pets/%4"),
        ("GET", "/pets/%zz"),
        ("GET", "/pets/%+1"),
        ("GET", "/pets/%ff"),
        ("GET", "pets/tom"),
        ("GET", "*"),
        ("GET", ""),
    ] {
        assert_eq!(id(method, path), None, "{method} {path}");
    }
}

#[test]
fn a_document_that_cannot_be_parsed_is_an_error_that_does_not_quote_it() {
    for text in ["[", "paths: 3", "paths: {/secret: 3}", "secret: [", "3"] {
        assert_eq!(Contract::parse(text).unwrap_err(), ContractError, "{text:?}");
    }
    assert!(!ContractError.to_string().contains("secret"));
    let unparsed = Contract::unparsed("[");
    assert_eq!((unparsed.document.as_ref(), unparsed.operations().len()), (b"[".as_slice(), 0));
    assert!(unparsed.route(&Method::GET, "/").is_none());
}

#[test]
fn references_that_lead_nowhere_or_in_a_circle_or_to_too_much_stay() {
    let schemas = "A: {$ref: '#/components/schemas/B'}, B: {of: {$ref: '#/components/schemas/A'}}";
    let text = |schema: &str, schemas: &str| {
        format!(
            "paths: {{/a: {{get: {{requestBody: {{content: {{x: {{schema: {schema}}}}}}}}}}}}}\n\
             components: {{schemas: {{{schemas}}}}}"
        )
    };
    let schema =
        |contract: &Contract| contract.operations()[0].body.as_ref().unwrap().content["x"].schema.clone();
    for reference in ["#/paths/~1a", "other.yaml#/a", "#/components/schemas/C"] {
        let contract = Contract::parse(&text(&format!("{{$ref: '{reference}'}}"), schemas)).unwrap();
        assert_eq!(schema(&contract), json!({"$ref": reference}));
    }
    let circle = Contract::parse(&text("{$ref: '#/components/schemas/A'}", schemas)).unwrap();
    assert_eq!(schema(&circle), json!({"of": {"$ref": "#/components/schemas/A"}}));
    // Each schema refers to the next one twice: 2^40 values if all of them were copied.
    let double = (0..40).map(|number| {
        let next = format!("{{$ref: '#/components/schemas/D{}'}}", number + 1);
        format!("D{number}: [{next}, {next}], ")
    });
    let schemas = double.collect::<String>() + "D40: {}";
    Contract::parse(&text("{$ref: '#/components/schemas/D0'}", &schemas)).unwrap();
}
