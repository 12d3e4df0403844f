//! Expresses a change as one conditional update, and determines the outcome if its condition failed.
//!
//! For each list, an item has two guards: the set of its entry ids and the number of its entries (see `layout`). The
//! condition of an append uses them. If another program changed the list, the guards are outdated, and the update must
//! replace them: it adopts the list.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::{Append, Change, Error, ITEM_LIMIT_BYTES, Schema, Update, fields_size};

use crate::dynamodb::item::{self, Stored};
use crate::dynamodb::{AttributeValue, Attributes, Expression, layout};

/// The state of a list whose guards are missing or outdated, as it was read. The next update makes new guards from it.
#[derive(Debug)]
pub(crate) struct Adoption {
    version: Option<AttributeValue>,
    /// Whether the item has the list.
    is_there: bool,
    ids: Vec<String>,
}

/// The decision after a condition failed.
#[derive(Debug)]
pub(crate) enum Verdict {
    Outcome(Update),
    /// No rule forbids the change, but the guards of the list are wrong. The caller repeats the update with new guards.
    Adopt(Adoption),
    /// No rule forbids the change, and the guards are right.
    Nothing,
}

/// The update for a change. One condition covers every rule that may forbid the change, so one request decides
/// atomically. If it is refused, [`judge`] finds the reason in the item that DynamoDB returns.
pub(crate) fn expression(
    schema: &Schema,
    change: &Change,
    adoption: Option<&Adoption>,
) -> Result<Expression, Error> {
    let mut update = Expression::default();
    let key = update.name(&schema.key_field);
    update.only_if(format!("attribute_exists({key})"));
    let (changed_by, id) = (update.name(layout::CHANGED_BY), update.text(&change.id));
    update.only_if(format!("(attribute_not_exists({changed_by}) OR {changed_by} <> {id})"));
    update.set(&changed_by, &id);
    let (version, one) = (update.name(layout::VERSION), update.number(&1));
    update.add(&version, &one);
    if let Some(at) = change.at_version {
        let number = update.number(&at);
        let missing = if at == 0 { format!("attribute_not_exists({version}) OR ") } else { String::new() };
        update.only_if(format!("({missing}{version} = {number})"));
    }
    for (field, value) in &change.unless {
        let (field, value) = (update.name(field), update.text(value));
        update.only_if(format!("(attribute_not_exists({field}) OR {field} <> {value})"));
    }
    for (field, value) in &change.unless_above {
        let (field, value) = (update.name(field), update.text(value));
        update.only_if(format!("NOT {field} > {value}"));
    }
    for (field, value) in &change.set {
        let (field, value) = (update.name(field), update.text(value));
        update.set(&field, &value);
    }
    if let Some(append) = &change.append {
        let names = ListNames::new(&mut update, append);
        names.append(&mut update, schema, append)?;
        match adoption {
            None => names.guard(&mut update, append, &one),
            Some(adoption) => names.adopt(&mut update, append, adoption, &version),
        }
    }
    Ok(update)
}

/// The placeholders of a list and of its guards.
struct ListNames {
    list: String,
    ids: String,
    count: String,
}

impl ListNames {
    fn new(update: &mut Expression, append: &Append) -> ListNames {
        ListNames {
            list: update.name(&append.list),
            ids: update.name(&layout::ids(&append.list)),
            count: update.name(&layout::count(&append.list)),
        }
    }

    fn append(&self, update: &mut Expression, schema: &Schema, append: &Append) -> Result<(), Error> {
        let unknown = || Error::Invalid(format!("there is no list {:?}", append.list));
        let schema = schema.lists.iter().find(|list| list.name == append.list).ok_or_else(unknown)?;
        let element = AttributeValue::L(vec![item::element(schema, append.entry.clone())]);
        let (element, empty) = (update.value(element), update.value(AttributeValue::L(Vec::new())));
        let list = &self.list;
        update.set(list, &format!("list_append(if_not_exists({list}, {empty}), {element})"));
        Ok(())
    }

    /// The usual append: the guards are right, and the condition compares them.
    fn guard(&self, update: &mut Expression, append: &Append, one: &str) {
        let ListNames { list, ids, count } = self;
        let (id, max) = (update.text(&append.entry.id), update.number(&append.max_entries));
        update.only_if(format!("NOT contains({ids}, {id})"));
        update.only_if(format!("size({list}) < {max}"));
        update.only_if(format!("size({list}) = {count}"));
        let set = update.value(AttributeValue::Ss(vec![append.entry.id.clone()]));
        update.add(ids, &set);
        update.add(count, one);
    }

    /// An append that also makes new guards from the entries that were read. The condition is that the item has not changed
    /// since. [`judge`] has already checked that the id is new and the list is not full.
    fn adopt(&self, update: &mut Expression, append: &Append, adoption: &Adoption, version: &str) {
        let ListNames { list, ids, count } = self;
        match &adoption.version {
            None => update.only_if(format!("attribute_not_exists({version})")),
            Some(read) => {
                let read = update.value(read.clone());
                update.only_if(format!("{version} = {read}"));
            }
        }
        if adoption.is_there {
            let length = update.number(&adoption.ids.len());
            update.only_if(format!("size({list}) = {length}"));
        } else {
            update.only_if(format!("attribute_not_exists({list})"));
        }
        let mut all = adoption.ids.clone();
        all.push(append.entry.id.clone());
        let length = update.number(&all.len());
        update.set(count, &length);
        // A list of another program may have an id twice, but a set must not.
        all.sort_unstable();
        all.dedup();
        let all = update.value(AttributeValue::Ss(all));
        update.set(ids, &all);
    }
}

/// Finds the reason why a change was refused in the item at that time. The order of the checks is that of
/// `wit/key-value.wit`.
pub(crate) fn judge(schema: &Schema, change: &Change, attributes: Attributes) -> Result<Verdict, Error> {
    let version = item::stored_version(&attributes).cloned();
    let guards = change.append.as_ref().map(|append| guards(append, &attributes));
    let stored = Stored::read(schema, attributes)?;
    let entries = change.append.as_ref().map_or(&[][..], |append| stored.entries(&append.list));
    let known =
        change.append.as_ref().and_then(|append| entries.iter().find(|old| old.id == append.entry.id));
    if let Some(entry) = known {
        return Ok(Verdict::Outcome(Update::Duplicate(entry.clone())));
    }
    if stored.changed_by.as_ref() == Some(&change.id) {
        return Ok(Verdict::Outcome(Update::Updated(stored.item.version)));
    }
    if change.at_version.is_some_and(|at| at != stored.item.version) {
        return Ok(Verdict::Outcome(Update::Stale(stored.item)));
    }
    let fields = &stored.item.fields;
    let above = |(name, value): &(String, String)| crate::record::value(fields, name) > Some(value);
    if change.unless.iter().any(|pair| fields.contains(pair)) || change.unless_above.iter().any(above) {
        return Ok(Verdict::Outcome(Update::Refused(stored.item)));
    }
    if change.append.as_ref().is_some_and(|append| entries.len() >= append.max_entries as usize) {
        return Ok(Verdict::Outcome(Update::Full));
    }
    let ids = entries.iter().map(|entry| entry.id.clone()).collect();
    Ok(match guards {
        Some((is_there, false)) => Verdict::Adopt(Adoption { version, is_there, ids }),
        Some((_, true)) | None => Verdict::Nothing,
    })
}

/// Whether the item has the list, and whether the guards fit the list. The caller has checked that no entry has the id of
/// the entry to append.
fn guards(append: &Append, attributes: &Attributes) -> (bool, bool) {
    let length = attributes.get(&append.list).and_then(AttributeValue::as_l).map(Vec::len);
    let count = attributes.get(&layout::count(&append.list)).and_then(AttributeValue::as_n);
    let ids = attributes.get(&layout::ids(&append.list)).and_then(AttributeValue::as_ss);
    let is_counted = length.is_some_and(|length| Some(&length.to_string()) == count);
    (length.is_some(), is_counted && !ids.is_some_and(|ids| ids.contains(&append.entry.id)))
}

/// Whether a change alone is larger than an item may be, so that it need not be sent.
pub(crate) fn is_hopeless(change: &Change) -> bool {
    let entry = change.append.as_ref().map_or(0, |append| append.entry.size());
    fields_size(&change.set) + entry > ITEM_LIMIT_BYTES
}
