//! How the page shows the items of a component: what it learns from the schema and the contract.
//!
//! Hints of the contract (`x-portdesk-console`) come first. Without hints, types, formats and names decide, so that the page shows
//! any component. A hint that names something that does not exist is left out, and `left_out` names it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::backend::Schema;
use crate::contract::{Contract, Operation};

/// What the page needs of a contract beside its operations.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    tags: Vec<Tag>,
    components: Components,
    #[serde(rename = "x-portdesk-console")]
    hints: Hints,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Components {
    schemas: Map<String, Value>,
}

/// The hints of a contract.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hints {
    /// The schema of an item with all its fields.
    item: Option<String>,
    /// The field that names an item for people.
    title: Option<String>,
    /// The field with the person that an item belongs to.
    by: Option<String>,
    /// The field with the time that an item is sorted by.
    at: Option<String>,
    /// The field with the state of an item, and the tone of each state.
    badge: BadgeHint,
    /// The lists of an item.
    entries: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BadgeHint {
    field: Option<String>,
    tones: Map<String, Value>,
}

/// What the page learns. A document that cannot be read teaches nothing, and the page then shows keys and fields as they are.
pub(super) fn learn(schema: &Schema, contract: &Contract) -> Value {
    let text = std::str::from_utf8(&contract.document).unwrap_or_default();
    let document: Document = serde_saphyr::from_str(text).unwrap_or_default();
    let hints = &document.hints;
    let schemas = Schemas(&document.components.schemas);
    let mut left_out = Vec::new();
    let item = schemas.item(schema, hints, &mut left_out);
    let lists: Vec<&str> = schema.lists.iter().map(|list| list.name.as_str()).collect();
    let all = schemas.properties(item.and_then(|item| document.components.schemas.get(item)));
    let fields: Vec<&Field> = all.iter().filter(|field| !lists.contains(&field.name)).collect();
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    for hint in [&hints.title, &hints.at, &hints.by, &hints.badge.field] {
        left_out.extend(hint.clone().filter(|hint| !names.contains(&hint.as_str())));
    }
    let known = |hint: &Option<String>| names.iter().copied().find(|name| hint.as_deref() == Some(*name));
    let first =
        |is_good: &dyn Fn(&Field) -> bool| fields.iter().find(|field| is_good(field)).map(|field| field.name);
    let is_text = |field: &Field| field.is_text() && field.name != schema.key_field;
    let title = known(&hints.title)
        .or_else(|| first(&|field| is_text(field) && TITLES.iter().any(|title| field.name.contains(title))))
        .or_else(|| first(&is_text));
    let index = schema.indexes.first();
    let at = known(&hints.at)
        .or_else(|| index.map(|index| index.order.as_str()))
        .or_else(|| first(&|field| field.format == "date-time"));
    let by = known(&hints.by).or_else(|| index.map(|index| index.partition.as_str()));
    let badge = known(&hints.badge.field).or_else(|| first(&|field| !field.values.is_empty()));
    let values = fields.iter().find(|field| Some(field.name) == badge).map_or(&[][..], |field| &field.values);
    let (one, many) = nouns(item, &document.tags);
    let shown_lists = lists.iter().map(|list| {
        let entry = all.iter().find(|field| field.name == *list).map(|field| schemas.properties(field.items));
        list_shown(list, &entry.unwrap_or_default(), hints.entries.get(*list))
    });
    json!({
        "key": schema.key_field,
        "one": one,
        "many": many,
        "title": title,
        "at": at,
        "by": by,
        "badge": badge,
        "values": values,
        "tones": tones(values, &hints.badge.tones),
        "fields": fields.iter().map(|field| (field.name.to_owned(), field.shown())).collect::<Map<_, _>>(),
        "lists": shown_lists.collect::<Vec<_>>(),
        "read": contract.operations().iter().find(|operation| reads_one(operation)).map(|operation| &operation.path),
        "create": contract.operations().iter().find(|operation| creates(operation)).map(|operation| schemas.example(operation)),
        "left_out": left_out,
    })
}

/// The schemas of a contract by their names.
struct Schemas<'a>(&'a Map<String, Value>);

/// A member of a schema.
#[derive(Debug)]
struct Field<'a> {
    name: &'a str,
    kind: &'a str,
    format: &'a str,
    values: Vec<&'a str>,
    description: &'a str,
    /// The schema of an entry, if this is a list.
    items: Option<&'a Value>,
}

impl<'a> Schemas<'a> {
    /// Follows references, but not for ever.
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let next = |schema: &&'a Value| {
            let name = schema.get("$ref")?.as_str()?.rsplit('/').next()?;
            self.0.get(name)
        };
        std::iter::successors(Some(schema), next).take(REFERENCES).last().unwrap_or(schema)
    }

    fn properties(&self, schema: Option<&'a Value>) -> Vec<Field<'a>> {
        let members = schema.and_then(|schema| self.resolve(schema).get("properties")?.as_object());
        members.into_iter().flatten().map(|(name, member)| self.field(name, member)).collect()
    }

    fn field(&self, name: &'a str, member: &'a Value) -> Field<'a> {
        let schema = self.resolve(member);
        let text = |of: &'a Value, member: &str| of.get(member).and_then(Value::as_str).unwrap_or_default();
        let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let description = Some(text(member, "description")).filter(|text| !text.is_empty());
        Field {
            name,
            kind: text(schema, "type"),
            format: text(schema, "format"),
            values: values.filter_map(Value::as_str).collect(),
            description: description.unwrap_or_else(|| text(schema, "description")),
            items: schema.get("items"),
        }
    }

    /// The schema of an item: the one that the hint names, or else the first with the key and as many of the other fields as any.
    fn item(&self, schema: &Schema, hints: &'a Hints, left_out: &mut Vec<String>) -> Option<&'a str> {
        match hints.item.as_deref() {
            Some(hint) if self.0.contains_key(hint) => return Some(hint),
            Some(hint) => left_out.push(hint.to_owned()),
            None => {}
        }
        let wanted: Vec<&str> = schema
            .listed
            .iter()
            .map(String::as_str)
            .chain(schema.lists.iter().map(|list| list.name.as_str()))
            .collect();
        let fit = |one: &&Value| {
            let fields = self.properties(Some(one));
            let has = |name: &str| fields.iter().any(|field| field.name == name);
            has(&schema.key_field).then(|| wanted.iter().filter(|name| has(name)).count())
        };
        let fits = self.0.iter().filter_map(|(name, one)| Some((name.as_str(), fit(&one)?)));
        // The first of equals: a later schema must fit better.
        fits.fold(None, |best: Option<(&str, usize)>, next| match best {
            Some(best) if best.1 >= next.1 => Some(best),
            Some(_) | None => Some(next),
        })
        .map(|(name, _)| name)
    }

    /// A request to paste for a first look: the example of the contract, or else its required members.
    fn example(&self, operation: &'a Operation) -> Value {
        let media = operation.body.as_ref().and_then(|body| body.content.get("application/json"));
        let given = media.and_then(|media| {
            media.example.clone().or_else(|| Some(media.examples.first()?.1.value.clone()))
        });
        if let Some(given) = given {
            return json!({"path": operation.path, "body": given.to_string()});
        }
        let schema = media.map_or(&Value::Null, |media| self.resolve(&media.schema));
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let members = required.filter_map(Value::as_str).map(|name| {
            let member = schema
                .get("properties")
                .and_then(|members| members.get(name))
                .map(|member| self.resolve(member));
            let given =
                member.and_then(|member| member.get("example").or_else(|| member.get("enum")?.get(0)));
            let made = || match member.and_then(|member| member.get("type")?.as_str()) {
                Some("integer" | "number") => {
                    member.and_then(|member| member.get("minimum")).cloned().unwrap_or(json!(1))
                }
                Some("boolean") => json!(true),
                Some("array") => json!([]),
                Some("object") => json!({}),
                Some(_) | None => json!(format!("A {}", name.replace('_', " "))),
            };
            (name.to_owned(), given.cloned().unwrap_or_else(made))
        });
        json!({"path": operation.path, "body": Value::Object(members.collect()).to_string()})
    }
}

impl Field<'_> {
    /// Whether people wrote it.
    fn is_text(&self) -> bool {
        let is_name =
            ["id", "key"].iter().any(|end| self.name == *end || self.name.ends_with(&format!("_{end}")));
        self.kind == "string" && self.format.is_empty() && self.values.is_empty() && !is_name
    }

    fn shown(&self) -> Value {
        json!({"format": self.format, "description": self.description})
    }
}

fn list_shown(name: &str, entry: &[Field<'_>], hint: Option<&Value>) -> Value {
    let pick = |role: &str, is_good: &dyn Fn(&Field<'_>) -> bool| {
        let hinted = hint.and_then(|hint| hint.get(role)?.as_str());
        let hinted = entry.iter().find(|field| Some(field.name) == hinted);
        hinted.or_else(|| entry.iter().find(|field| is_good(field))).map(|field| field.name)
    };
    json!({
        "name": name,
        "at": pick("at", &|field| field.format == "date-time"),
        "by": pick("by", &|field| AUTHORS.iter().any(|author| field.name.contains(author))),
        "text": pick("text", &|field| field.is_text()),
    })
}

/// What an item and several items are called.
fn nouns(item: Option<&str>, tags: &[Tag]) -> (String, String) {
    let mut one = String::new();
    for letter in item.unwrap_or("Item").chars() {
        if letter.is_uppercase() && !one.is_empty() {
            one.push(' ');
        }
        one.extend(letter.to_lowercase());
    }
    let many = match tags {
        [Tag { name }] if name.starts_with(one.get(..3).unwrap_or(&one)) => name.clone(),
        _ => match one.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
            _ if one.ends_with(['s', 'x']) || one.ends_with("ch") || one.ends_with("sh") => {
                format!("{one}es")
            }
            _ => format!("{one}s"),
        },
    };
    (one, many)
}

fn tones(values: &[&str], hints: &Map<String, Value>) -> Map<String, Value> {
    let tone = |(value, usual): (&&str, &&str)| {
        let hint = hints.get(*value).and_then(Value::as_str).filter(|hint| TONES.contains(hint));
        ((*value).to_owned(), Value::from(hint.unwrap_or(usual)))
    };
    values.iter().zip(TONES.iter().cycle()).map(tone).collect()
}

fn reads_one(operation: &Operation) -> bool {
    operation.method == hyper::Method::GET
        && operation.path.matches('{').count() == 1
        && operation.path.ends_with('}')
}

fn creates(operation: &Operation) -> bool {
    operation.method == hyper::Method::POST && !operation.path.contains('{')
}

const TONES: [&str; 6] = ["blue", "amber", "violet", "green", "grey", "red"];
/// Parts of the names of fields that name an item.
const TITLES: [&str; 5] = ["title", "name", "subject", "summary", "description"];
/// Parts of the names of fields that name who wrote an entry.
const AUTHORS: [&str; 4] = ["author", "user", "owner", "_by"];
/// Longer chains of references are loops.
const REFERENCES: usize = 16;

#[cfg(test)]
mod tests;
