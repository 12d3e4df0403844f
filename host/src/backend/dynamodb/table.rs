//! Makes a table for a schema, and compares an existing table with a schema.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, GlobalSecondaryIndexDescription, IndexStatus,
    KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType, TableDescription,
    TableStatus,
};
use tokio::time::sleep;

use items::dynamodb::{RequestError, ServiceError, layout};

use super::connection::{self, Connection};
use super::request_error::service_error;
use super::{OpenError, Settings};
use crate::backend::{Index, Schema};

/// A table, and the schema that it must fit.
#[derive(Debug)]
pub struct Table {
    connection: Connection,
    name: String,
    schema: Schema,
}

/// How a table differs from what a schema requires.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Differences that make some requests fail.
    pub defects: Vec<String>,
    /// Differences that only make some answers less complete.
    pub notes: Vec<String>,
}

impl Table {
    /// Makes the client. The table need not exist yet.
    pub async fn connect(settings: &Settings, schema: &Schema) -> Result<Table, OpenError> {
        let connection = connection::connect(settings).await?;
        Ok(Table { connection, name: settings.table.clone(), schema: schema.clone() })
    }

    /// Creates the table with on-demand billing. Returns `false` if it already exists. A new table is not ready
    /// immediately: call [`Table::wait`].
    pub async fn create(&self) -> Result<bool, TableError> {
        let create = self
            .connection
            .client
            .create_table()
            .table_name(&self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(self.definitions()?))
            .set_key_schema(Some(key_schema(&self.schema.key_field, None)?));
        let indexes =
            self.schema.indexes.iter().map(|index| self.index(index)).collect::<Result<Vec<_>, _>>()?;
        let create = create.set_global_secondary_indexes(Some(indexes).filter(|all| !all.is_empty()));
        match create.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(self.failed("CreateTable", &error)),
        }
    }

    /// Waits until the table and its indexes are ready. Calls `progress` with the reason for the wait.
    pub async fn wait(&self, mut progress: impl FnMut(&str)) -> Result<(), TableError> {
        for _ in 0..POLLS {
            let table = self.describe().await?.ok_or_else(|| TableError::Missing(self.name.clone()))?;
            let Some(pending) = pending(&table) else { return Ok(()) };
            progress(&pending);
            sleep(POLL).await;
        }
        Err(TableError::Slow(self.name.clone()))
    }

    /// Compares the table with the schema.
    pub async fn check(&self) -> Result<Differences, TableError> {
        let table = self.describe().await?.ok_or_else(|| TableError::Missing(self.name.clone()))?;
        Ok(self.compare(&table))
    }

    async fn describe(&self) -> Result<Option<TableDescription>, TableError> {
        match self.connection.client.describe_table().table_name(&self.name).send().await {
            Ok(described) => Ok(described.table),
            Err(error) if service_error(&error) == Some(ServiceError::NoTable) => Ok(None),
            Err(error) => Err(self.failed("DescribeTable", &error)),
        }
    }

    fn failed<E>(&self, operation: &'static str, error: &SdkError<E>) -> TableError
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        match self.connection.read_failed(operation, error) {
            // `of_read` would recommend the policy for hosts, which does not allow these operations.
            RequestError::Failed { service_error: Some(ServiceError::Denied), text, .. } => {
                TableError::Denied(self.name.clone(), operation, text)
            }
            failure @ (RequestError::Failed { .. } | RequestError::Unsent(_)) => {
                TableError::Failed(self.name.clone(), failure.of_read(&self.name).to_string())
            }
        }
    }

    fn compare(&self, table: &TableDescription) -> Differences {
        let mut found = Differences::default();
        let defined = table.attribute_definitions();
        let key = keys(table.key_schema(), defined);
        let wanted = written(&self.schema.key_field, None);
        if key != wanted {
            found.defects.push(format!("its key is {key}, not {wanted}"));
        }
        for index in &self.schema.indexes {
            let named = |other: &&GlobalSecondaryIndexDescription| other.index_name() == Some(&index.name);
            match table.global_secondary_indexes().iter().find(named) {
                Some(other) => self.compare_index(&mut found, index, other, defined),
                None if index.optional => {
                    found.notes.push(format!("it lacks the optional index {:?}", index.name));
                }
                None => found.defects.push(format!("it lacks the index {:?}", index.name)),
            }
        }
        if let Some(pending) = pending(table) {
            found.defects.push(pending);
        }
        found
    }

    fn compare_index(
        &self,
        found: &mut Differences,
        index: &Index,
        other: &GlobalSecondaryIndexDescription,
        defined: &[AttributeDefinition],
    ) {
        let keys = keys(other.key_schema(), defined);
        let wanted = written(&index.partition, Some(&index.order));
        if keys != wanted {
            found.defects.push(format!("index {:?} is over {keys}, not {wanted}", index.name));
        }
        let projection = other.projection();
        if projection.and_then(Projection::projection_type) == Some(&ProjectionType::All) {
            return;
        }
        let shown = projection.map(Projection::non_key_attributes).unwrap_or_default();
        let keys = other.key_schema().iter().map(KeySchemaElement::attribute_name).collect::<Vec<_>>();
        let is_shown = |name: &str| keys.contains(&name) || shown.iter().any(|shown| shown == name);
        for name in self.schema.listed.iter().filter(|name| !is_shown(name)) {
            found.defects.push(format!("index {:?} does not project {name:?}", index.name));
        }
        for name in self.own_projection().into_iter().filter(|name| !is_shown(name)) {
            let text = "lists show 0 for it";
            found.notes.push(format!("index {:?} does not project {name:?}: {text}", index.name));
        }
    }

    fn index(&self, index: &Index) -> Result<GlobalSecondaryIndex, TableError> {
        let is_key = |name: &String| *name == index.partition || *name == index.order;
        let listed = self.schema.listed.iter().filter(|name| !is_key(name)).cloned();
        let projected = listed.chain(self.own_projection()).collect();
        let projection = Projection::builder()
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(projected))
            .build();
        GlobalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(key_schema(&index.partition, Some(&index.order))?))
            .projection(projection)
            .build()
            .map_err(|_| TableError::Request)
    }

    /// The attributes that this backend adds to the fields and shows in lists.
    fn own_projection(&self) -> Vec<String> {
        let counts = self.schema.lists.iter().map(|list| layout::count(&list.name));
        [layout::VERSION.to_owned()].into_iter().chain(counts).collect()
    }

    fn definitions(&self) -> Result<Vec<AttributeDefinition>, TableError> {
        let indexed = self.schema.indexes.iter().flat_map(|index| [&index.partition, &index.order]);
        let mut names = indexed.chain([&self.schema.key_field]).collect::<Vec<_>>();
        names.sort_unstable();
        names.dedup();
        let definition = |name: &String| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(|_| TableError::Request)
        };
        names.into_iter().map(definition).collect()
    }
}

fn key_schema(partition: &str, order: Option<&str>) -> Result<Vec<KeySchemaElement>, TableError> {
    let element = |name: &str, kind: KeyType| {
        let element = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        element.map_err(|_| TableError::Request)
    };
    let order = order.map(|order| element(order, KeyType::Range));
    [element(partition, KeyType::Hash)].into_iter().chain(order).collect()
}

/// A key in readable form: `id (S, HASH)`.
fn keys(schema: &[KeySchemaElement], defined: &[AttributeDefinition]) -> String {
    let key = |key: &KeySchemaElement| {
        let definition = defined.iter().find(|other| other.attribute_name() == key.attribute_name());
        let kind = definition.map_or("?", |definition| definition.attribute_type().as_str());
        format!("{} ({kind}, {})", key.attribute_name(), key.key_type())
    };
    schema.iter().map(key).collect::<Vec<_>>().join(", ")
}

/// The required key, in the form of [`keys`].
fn written(partition: &str, order: Option<&str>) -> String {
    let order = order.map(|order| format!(", {order} (S, RANGE)"));
    format!("{partition} (S, HASH){}", order.unwrap_or_default())
}

/// The first part of the table that is not ready, and its status.
fn pending(table: &TableDescription) -> Option<String> {
    let status = table.table_status().map_or("unknown", TableStatus::as_str);
    if !matches!(table.table_status(), Some(TableStatus::Active | TableStatus::Updating)) {
        return Some(format!("the table is {status}"));
    }
    let index = |index: &&GlobalSecondaryIndexDescription| {
        !matches!(index.index_status(), None | Some(IndexStatus::Active | IndexStatus::Updating))
    };
    let index = table.global_secondary_indexes().iter().find(index)?;
    let status = index.index_status().map_or("unknown", IndexStatus::as_str);
    Some(format!("index {:?} is {status}", index.index_name().unwrap_or_default()))
}

/// Why a table could not be created or described.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The credentials do not allow the operation.
    #[error("--table {0}: these credentials must be allowed dynamodb:{1} on the table ({2})")]
    Denied(String, &'static str, String),
    /// The server refused the request or did not answer.
    #[error("--table {0}: {1}")]
    Failed(String, String),
    /// The table does not exist.
    #[error("--table {0}: there is no such table; `portdesk table create` makes it")]
    Missing(String),
    /// A request could not be built.
    #[error("the table cannot be described to AWS: a part of the component's schema is missing")]
    Request,
    /// The table did not become ready in time.
    #[error(
        "--table {0}: the table is not ready after five minutes; run `portdesk table check` later to see whether it is"
    )]
    Slow(String),
}

const POLL: Duration = Duration::from_secs(1);
/// Five minutes of polls. AWS needs about ten seconds for an empty table.
const POLLS: u32 = 300;
