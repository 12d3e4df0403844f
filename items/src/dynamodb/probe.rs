//! Checks that a table serves all kinds of requests. It makes such requests, because a host's credentials do not allow it
//! to describe the table.

use alloc::format;

use crate::{Error, Index, Schema};

use crate::dynamodb::{Expression, Range, Table, item, layout};

/// Reads, writes, changes and lists one item that no component can reach. Fails like the calls of a component would; the
/// error shows whether they would fail until an operator acts.
///
/// The write is a real one, of the same few bytes each time. It costs one write unit, like a write whose condition fails,
/// and proves more. The condition of the change always fails: that proves the permission to change an item, without a
/// second write.
pub async fn probe(table: &impl Table, schema: &Schema) -> Result<(), Error> {
    let name = table.name();
    let key = layout::probe_key();
    let read = table.read(item::key_of(schema, &key)).await;
    read.map_err(|failure| failure.of_read(name))?;
    for index in schema.indexes.iter().filter(|index| !index.optional) {
        let listed = table.range(nothing_of(index)).await;
        listed.map_err(|failure| failure.of_index(name, &index.name))?;
    }
    let mut always = Expression::default();
    let version = always.name(layout::VERSION);
    always.only_if(format!("attribute_not_exists({version})"));
    let written = table.put(item::key_of(schema, &key), always).await;
    written.map_err(|failure| failure.of_write(name))?;
    let changed = table.change(item::key_of(schema, &key), never(schema)).await;
    changed.map(drop).map_err(|failure| failure.of_write(name))
}

/// A query that finds nothing. It uses both keys of the index, because DynamoDB refuses the request if a key is different.
fn nothing_of(index: &Index) -> Range {
    let mut only_if = Expression::default();
    let (partition, order) = (only_if.name(&index.partition), only_if.name(&index.order));
    let (nobody, first) = (only_if.text(&layout::probe_key()), only_if.text(" "));
    only_if.only_if(format!("{partition} = {nobody}"));
    only_if.only_if(format!("{order} >= {first}"));
    Range { index: index.name.clone(), only_if, limit: 1, start: None }
}

/// A change of an existing item with the condition that the item does not exist, which always fails.
fn never(schema: &Schema) -> Expression {
    let mut never = Expression::default();
    let key = never.name(&schema.key_field);
    never.only_if(format!("attribute_not_exists({key})"));
    let (version, one) = (never.name(layout::VERSION), never.number(&1));
    let (by, probe) = (never.name(layout::CHANGED_BY), never.text("probe"));
    never.set(&by, &probe);
    never.add(&version, &one);
    never
}
