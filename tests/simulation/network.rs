//! The network between hosts and the table, and a host's client for the table: it repeats what has no answer, and remembers
//! whether an attempt may have been applied. Any attempt may be lost, late, refused, or applied without an answer.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use async_trait::async_trait;
use items::dynamodb::{
    Attributes, Expression, QueryResult, Range, RequestError, ServiceError, Table, WriteResult,
};
use portdesk::backend::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Update};

use crate::bug::Bug;
use crate::host::SCHEMA;
use crate::table::{Answer, Request};

/// Attempts that were sent, and answers that were not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Network {
    count: u64,
    /// The attempts since the world looked last.
    pub(crate) sent: Vec<(u64, Request)>,
    pub(crate) answers: HashMap<u64, Answer>,
}

/// A host's store on the table.
pub(crate) struct TableStore {
    pub(crate) network: Arc<Mutex<Network>>,
    pub(crate) bug: Option<Bug>,
}

/// Waits for the answer to an attempt.
struct Attempt<'a> {
    network: &'a Mutex<Network>,
    number: u64,
}

impl Future for Attempt<'_> {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        let answer = self.network.lock().unwrap().answers.remove(&self.number);
        answer.map_or(Poll::Pending, Poll::Ready)
    }
}

impl TableStore {
    fn send(&self, request: Request) -> Attempt<'_> {
        let mut network = self.network.lock().unwrap();
        network.count += 1;
        let number = network.count;
        network.sent.push((number, request));
        Attempt { network: &self.network, number }
    }

    /// Makes attempts until one has an outcome. Also returns whether an earlier one may have been applied.
    async fn call(&self, request: Request) -> Result<(Answer, bool), RequestError> {
        let mut lost = false;
        let mut service_error = None;
        for _ in 0..ATTEMPTS {
            match self.send(request.clone()).await {
                Answer::Throttled => service_error = Some(ServiceError::Throttled),
                Answer::Error => (service_error, lost) = (Some(ServiceError::Failed), true),
                Answer::Silence => (service_error, lost) = (None, true),
                answer => return Ok((answer, lost && self.bug != Some(Bug::LostIsForgotten))),
            }
        }
        let lost = lost && self.bug != Some(Bug::LostIsForgotten);
        Err(RequestError::Failed { service_error, text: "no attempt had an outcome".to_owned(), lost })
    }

    async fn write(&self, request: Request) -> Result<WriteResult, RequestError> {
        match self.call(request).await? {
            (Answer::Done(attributes), _) => Ok(WriteResult::Done(attributes)),
            (Answer::Failed(by), lost) => Ok(WriteResult::Refused { by, lost }),
            other => panic!("{other:?} is not the answer to a write"),
        }
    }
}

impl Table for TableStore {
    fn name(&self) -> &str {
        "simulated"
    }

    async fn read(&self, key: Attributes) -> Result<Option<Attributes>, RequestError> {
        match self.call(Request::Read(key)).await? {
            (Answer::Item(item), _) => Ok(item),
            other => panic!("{other:?} is not the answer to a read"),
        }
    }

    async fn put(&self, item: Attributes, only_if: Expression) -> Result<WriteResult, RequestError> {
        self.write(Request::Put(item, only_if)).await
    }

    async fn change(&self, key: Attributes, expression: Expression) -> Result<WriteResult, RequestError> {
        self.write(Request::Change(key, expression)).await
    }

    async fn range(&self, range: Range) -> Result<QueryResult, RequestError> {
        match self.call(Request::Range(range)).await? {
            (Answer::Found(found), _) => Ok(found),
            other => panic!("{other:?} is not the answer to a query"),
        }
    }
}

#[async_trait]
impl Backend for TableStore {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        items::dynamodb::get(self, &SCHEMA, key).await
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        items::dynamodb::insert(self, &SCHEMA, key, fields, change_id).await
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        items::dynamodb::update(self, &SCHEMA, key, change).await
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        items::dynamodb::query(self, &SCHEMA, &query).await
    }

    async fn check(&self) -> Result<(), Error> {
        items::dynamodb::probe(self, &SCHEMA).await
    }

    async fn close(&self) {}
}

/// The most attempts at one request.
const ATTEMPTS: usize = 3;
