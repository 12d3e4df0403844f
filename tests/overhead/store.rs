//! The store itself: what `store` asks of it, without component and HTTP.

use std::sync::Arc;
use std::time::Duration;

use portdesk::backend::dynamodb::{DynamoDb, Settings};
use portdesk::backend::{Append, Backend, Change, Entry, Fields, Insert, Update};
use portdesk::telemetry::Counter;
use tokio::task::JoinSet;

use super::bare::{NOW, unique};
use crate::harness::{TABLE, component_of_the_tree};

/// The store of a host, with the schema of the desk.
#[derive(Clone)]
pub struct Store(Arc<DynamoDb>);

impl Store {
    pub async fn open(endpoint: &str) -> Store {
        let settings = Settings {
            table: TABLE.to_owned(),
            region: Some("us-east-1".to_owned()),
            endpoint: Some(endpoint.parse().unwrap()),
            attempts: 3,
            time_limit: Duration::from_secs(100),
            retries: Counter::default(),
        };
        let described = component_of_the_tree().describe().await.unwrap();
        Store(Arc::new(DynamoDb::open(&settings, &described.schema).await.unwrap()))
    }

    /// So many fresh tickets. Their ids.
    pub async fn tickets(&self, count: usize) -> Vec<String> {
        let mut made = Vec::new();
        while made.len() < count {
            let mut some = JoinSet::new();
            for _ in 0..super::IN_FLIGHT.min(count - made.len()) {
                let store = self.clone();
                some.spawn(async move { store.create().await });
            }
            made.extend(some.join_all().await);
        }
        made
    }

    pub async fn get(&self, ticket: &str) {
        assert!(self.0.get(ticket).await.unwrap().is_some());
    }

    pub async fn create(&self) -> String {
        let (ticket, change) = (unique(), unique());
        let fields = fields(&[
            ("caller_id", "overhead"),
            ("created_at", NOW),
            ("issue_description", "The VPN drops."),
            ("status", "open"),
            ("updated_at", NOW),
        ]);
        assert!(matches!(self.0.insert(&ticket, fields, &change).await.unwrap(), Insert::Inserted(_)));
        ticket
    }

    pub async fn comment(&self, ticket: &str) {
        let entry = Entry {
            id: unique(),
            fields: fields(&[("comment", "Since Monday."), ("created_at", NOW)]).into(),
        };
        let change = Change {
            id: unique(),
            at_version: None,
            unless: fields(&[("status", "closed"), ("status", "cancelled")]),
            unless_above: fields(&[("updated_at", NOW)]),
            set: fields(&[("updated_at", NOW)]),
            append: Some(Append { list: "comments".to_owned(), entry, max_entries: 500 }),
        };
        assert!(matches!(self.0.update(ticket, change).await.unwrap(), Update::Updated(_)));
    }
}

fn fields(fields: &[(&str, &str)]) -> Fields {
    fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}
