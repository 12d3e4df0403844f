//! Converts the SDK's attributes to and from those of `items::dynamodb`, which have the same cases.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use items::dynamodb::Attributes;

/// Converts attributes to the SDK's type.
pub(super) fn to_sdk(attributes: Attributes) -> HashMap<String, AttributeValue> {
    attributes.into_iter().map(|(name, value)| (name, value_to_sdk(value))).collect()
}

/// Converts attributes from the SDK's type.
pub(super) fn from_sdk(attributes: HashMap<String, AttributeValue>) -> Attributes {
    attributes.into_iter().map(|(name, value)| (name, value_from_sdk(value))).collect()
}

fn value_to_sdk(value: items::dynamodb::AttributeValue) -> AttributeValue {
    match value {
        items::dynamodb::AttributeValue::L(list) => {
            AttributeValue::L(list.into_iter().map(value_to_sdk).collect())
        }
        items::dynamodb::AttributeValue::M(map) => AttributeValue::M(to_sdk(map)),
        items::dynamodb::AttributeValue::N(number) => AttributeValue::N(number),
        items::dynamodb::AttributeValue::Other => AttributeValue::Null(true),
        items::dynamodb::AttributeValue::S(text) => AttributeValue::S(text),
        items::dynamodb::AttributeValue::Ss(texts) => AttributeValue::Ss(texts),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "later SDKs may have more types, which all map to `Other`"
)]
fn value_from_sdk(value: AttributeValue) -> items::dynamodb::AttributeValue {
    match value {
        AttributeValue::L(list) => {
            items::dynamodb::AttributeValue::L(list.into_iter().map(value_from_sdk).collect())
        }
        AttributeValue::M(map) => items::dynamodb::AttributeValue::M(from_sdk(map)),
        AttributeValue::N(number) => items::dynamodb::AttributeValue::N(number),
        AttributeValue::S(text) => items::dynamodb::AttributeValue::S(text),
        AttributeValue::Ss(texts) => items::dynamodb::AttributeValue::Ss(texts),
        _ => items::dynamodb::AttributeValue::Other,
    }
}
