//! A host in this process that listens nowhere, with spaces for tests.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use portdesk::host::Host;
use portdesk::journal::{Filter, MarkKind, NewMark};
use portdesk::pipeline::Pipeline;
use portdesk::sandbox::{Component, Responder};
use portdesk::space::{MadeSpace, NewSpace, Space, Spaces};
use portdesk::store::GuestStore;
use serde_json::Value;
use tempfile::TempDir;

use super::{component_of_the_tree, config};

/// A host in this process that listens nowhere.
pub struct World {
    pub pipeline: Arc<Pipeline>,
    pub spaces: Arc<Spaces>,
    _data: TempDir,
}

/// A client of a space.
#[derive(Clone)]
pub struct Caller {
    pipeline: Arc<Pipeline>,
    key: String,
}

impl World {
    pub async fn open(flags: &[&str]) -> World {
        World::open_in(tempfile::tempdir().unwrap(), flags).await
    }

    pub async fn open_in(data: TempDir, flags: &[&str]) -> World {
        World::open_with(data, component_of_the_tree(), flags).await
    }

    /// A host of a component, which was loaded with the same flags.
    pub async fn open_with(data: TempDir, component: Component, flags: &[&str]) -> World {
        let all = [&CONTROLLED, flags].concat();
        let host = Host::open_with(&config(data.path(), &all), component).await;
        World::of(host.unwrap(), data)
    }

    /// A world whose requests another responder answers, which is made from the component and its store.
    pub async fn open_as(responder: impl FnOnce(Component, GuestStore) -> Arc<dyn Responder>) -> World {
        let data = tempfile::tempdir().unwrap();
        let component = component_of_the_tree();
        let description = component.describe().await.unwrap();
        let config = config(data.path(), &CONTROLLED);
        let host = Host::open_as(&config, description, |store| responder(component, store)).await;
        World::of(host.unwrap(), data)
    }

    fn of(host: Host, data: TempDir) -> World {
        let pipeline = host.pipeline;
        World { spaces: Arc::clone(pipeline.spaces.as_ref().unwrap()), pipeline, _data: data }
    }

    pub fn main(&self) -> &Space {
        self.spaces.main()
    }

    pub fn caller(&self, key: &str) -> Caller {
        Caller { pipeline: Arc::clone(&self.pipeline), key: key.to_owned() }
    }

    /// Writes a mark, and returns its number. Calls that begin later have greater numbers.
    pub fn mark(&self) -> u64 {
        let (kind, text) = (MarkKind::Scenario, "here".to_owned());
        let mark = NewMark { space: None, space_at: None, kind, text, details: Value::Null };
        self.spaces.journal.mark(mark);
        self.spaces.journal.marks(&Filter::default()).last().unwrap().n
    }

    pub async fn space(&self, new: Value) -> (Arc<Space>, Caller) {
        let new: NewSpace = serde_json::from_value(new).unwrap();
        let MadeSpace { name, keys } = self.spaces.create(new).await.unwrap();
        (self.spaces.find(&name).unwrap(), self.caller(&keys[0].1))
    }
}

impl Caller {
    pub fn key(&self) -> &str {
        &self.key
    }

    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.send(method, path, headers, body).await;
        (status, serde_json::from_slice(&answer).unwrap_or_default())
    }

    /// Sends a request with any text as its body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (u16, Bytes) {
        let mut request = Request::builder().method(method).uri(path).header("host", "desk");
        for (name, value) in headers.iter().chain(&[("x-api-key", &*self.key)]) {
            request = request.header(*name, *value);
        }
        let answer = self.pipeline.answer(request.body(Full::new(Bytes::from(body))).unwrap()).await;
        let status = answer.status().as_u16();
        let Ok(body) = answer.into_body().collect().await;
        (status, body.to_bytes())
    }
}

const CONTROLLED: [&str; 5] = ["--store", "memory", "--console", "127.0.0.1:0", "--controls"];
