//! `GET /v1/shape`: what a page or a test needs to know about the host and its component.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use super::{deeds, looks, spaces};
use crate::backend::Schema;
use crate::contract::{Contract, Operation};
use crate::faults::PRESETS;
use crate::mcp;

pub(super) fn show(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    asked.query(&[])?;
    let contract = &asked.pipeline.contract;
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "version": env!("CARGO_PKG_VERSION"),
            "url": asked.about.url,
            "mcp_path": mcp::PATH,
            "store": asked.about.store,
            "controls": asked.spaces.are_controlled,
            "spaces": spaces::all(asked),
            "journal": asked.spaces.journal.usage(),
            "fault_presets": PRESETS,
            "fault_deeds": deeds::choices(),
            "schema": schema(asked.spaces.schema()),
            "contract": contract_shown(contract),
            "looks": looks::learn(asked.spaces.schema(), contract),
        }),
    ))
}

fn schema(schema: &Schema) -> Value {
    let lists = schema.lists.iter().map(|list| json!({"name": list.name, "id_field": list.id_field}));
    let indexes = schema.indexes.iter().map(|index| {
        json!({"name": index.name, "partition": index.partition, "order": index.order, "optional": index.optional})
    });
    json!({
        "key_field": schema.key_field,
        "listed": schema.listed,
        "lists": lists.collect::<Vec<_>>(),
        "indexes": indexes.collect::<Vec<_>>(),
    })
}

fn contract_shown(contract: &Contract) -> Value {
    let operations = contract.operations().iter().map(|operation| shown(operation));
    json!({
        "title": contract.info.title,
        "version": contract.info.version,
        "operations": operations.collect::<Vec<_>>(),
    })
}

fn shown(operation: &Operation) -> Value {
    let parameters = operation.parameters.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "in": format!("{:?}", parameter.location).to_lowercase(),
            "required": parameter.required,
            "description": parameter.description,
            "schema": parameter.schema,
        })
    });
    let json_body = operation.body.as_ref().and_then(|body| body.content.get("application/json"));
    json!({
        "id": operation.id,
        "method": operation.method.as_str(),
        "path": operation.path,
        "summary": operation.summary,
        "parameters": parameters.collect::<Vec<_>>(),
        "body": json_body.map(|media| &media.schema),
        "statuses": operation.answers.keys().collect::<Vec<_>>(),
    })
}
