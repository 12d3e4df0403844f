//! The bare SDK: what a host asks of DynamoDB, without the host.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_sdk_dynamodb::{Client, Config};

use crate::harness::TABLE;

/// A client of the SDK.
#[derive(Clone)]
pub struct Bare {
    client: Client,
}

impl Bare {
    pub fn new(endpoint: &str) -> Bare {
        let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(100)).build();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new("dummy", "dummy", None, None, "the tests"))
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts)
            // A host has it off; on, it would make this side slower.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Bare { client: Client::from_conf(config.build()) }
    }

    pub async fn get(&self, ticket: &str) {
        let get =
            self.client.get_item().table_name(TABLE).key("ticket_id", text(ticket)).consistent_read(true);
        assert!(get.send().await.unwrap().item.is_some());
    }

    pub async fn create(&self) {
        let create = self
            .client
            .put_item()
            .table_name(TABLE)
            .condition_expression("attribute_not_exists(ticket_id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .item("ticket_id", text(&unique()))
            .item("caller_id", text("overhead"))
            .item("issue_description", text("The VPN drops."))
            .item("status", text("open"))
            .item("created_at", text("2026-11-22T12:00:00.000000Z"))
            .item("updated_at", text("2026-11-22T12:00:00.000000Z"))
            .item("comments", AttributeValue::L(Vec::new()));
        create.send().await.unwrap();
    }

    /// Guarded, as everybody has to who does not want it twice.
    pub async fn comment(&self, ticket: &str) {
        let id = unique();
        let entry = [("comment_id", id.as_str()), ("comment", "Since Monday."), ("created_at", NOW)];
        let entry = entry.map(|(name, value)| (name.to_owned(), text(value))).into();
        let update = self
            .client
            .update_item()
            .table_name(TABLE)
            .key("ticket_id", text(ticket))
            .update_expression(
                "SET #c = list_append(if_not_exists(#c, :none), :new), updated_at = :now ADD bare_ids :id",
            )
            .condition_expression(
                "attribute_exists(ticket_id) AND NOT contains(bare_ids, :one) \
                 AND (attribute_not_exists(#c) OR size(#c) < :max)",
            )
            .expression_attribute_names("#c", "comments")
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":new", AttributeValue::L(vec![AttributeValue::M(entry)]))
            .expression_attribute_values(":now", text(NOW))
            .expression_attribute_values(":id", AttributeValue::Ss(vec![id.clone()]))
            .expression_attribute_values(":one", text(&id))
            .expression_attribute_values(":max", AttributeValue::N("500".into()))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        update.send().await.unwrap();
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// An id that nobody has yet.
pub fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("00000000-0000-4000-8000-{:012}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub const NOW: &str = "2026-11-22T12:00:00.000000Z";
