//! Implements the component's exports: `handler` and `schema`.

use alloc::string::String;
use alloc::vec::Vec;

use miniz_oxide::inflate::decompress_to_vec;

use super::bindings::exports::portdesk::desk::{handler, schema};
use super::import::{HostRandom, KeyValue, WallClock};
use crate::Env;

pub(super) struct Desk;

impl handler::Guest for Desk {
    fn handle(request: handler::Request) -> handler::Response {
        let env = Env { store: &KeyValue, clock: &WallClock, random: &HostRandom };
        let handler::Request { method, path, query, headers, body, client, request_id } = request;
        let request = crate::Request { method, path, query, headers, body, client, request_id };
        let crate::Response { status, headers, body, operation } = crate::handle(env, &request);
        handler::Response { status, headers, body, operation: operation.map(String::from) }
    }
}

impl schema::Guest for Desk {
    fn collection() -> schema::CollectionSchema {
        let crate::Collection { key_field, listed, lists, indexes } = crate::collection();
        schema::CollectionSchema {
            key_field: key_field.into(),
            listed: listed.iter().copied().map(String::from).collect(),
            lists: lists.iter().map(list).collect::<Vec<_>>(),
            indexes: indexes.iter().map(index).collect::<Vec<_>>(),
        }
    }

    fn openapi() -> String {
        // The build script compressed a valid text, so both steps succeed. If one failed, a host would refuse the empty
        // contract when it starts.
        let text = decompress_to_vec(CONTRACT).unwrap_or_default();
        String::from_utf8(text).unwrap_or_default()
    }
}

/// `openapi.yaml`, compressed. A host reads it only once, when it starts; uncompressed, it would be more than a fifth of
/// the component.
const CONTRACT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.deflate"));

fn list(list: &crate::List) -> schema::ListSchema {
    schema::ListSchema { name: list.name.into(), id_field: list.id_field.into() }
}

fn index(index: &crate::Index) -> schema::Index {
    let crate::Index { name, partition, order, optional } = *index;
    schema::Index { name: name.into(), partition: partition.into(), order: order.into(), optional }
}
