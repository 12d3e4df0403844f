//! The description that the component exports, from the native desk.

use portdesk::backend::{Index, List, Schema};
use portdesk::sandbox::Description;

/// Returns the description that the component exports.
pub(crate) fn description() -> Description {
    let desk::Collection { key_field, listed, lists, indexes } = desk::collection();
    let lists = lists.iter().map(|list| List { name: list.name.into(), id_field: list.id_field.into() });
    let indexes = indexes.iter().map(|index| Index {
        name: index.name.into(),
        partition: index.partition.into(),
        order: index.order.into(),
        optional: index.optional,
    });
    let schema = Schema {
        key_field: key_field.into(),
        listed: listed.iter().map(|name| (*name).into()).collect(),
        lists: lists.collect(),
        indexes: indexes.collect(),
    };
    Description { schema, openapi: desk::openapi().into() }
}
