//! A collector of spans.

use std::sync::{Arc, Mutex};

use hyper::Response;
use hyper::body::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::faults::Served;

/// Takes spans until the drop.
pub struct Collector {
    pub url: String,
    bodies: Arc<Mutex<Vec<Bytes>>>,
    _served: Served,
}

impl Collector {
    pub fn start() -> Collector {
        let bodies = Arc::<Mutex<Vec<Bytes>>>::default();
        let taken = Arc::clone(&bodies);
        let served = Served::start(move |parts, body| {
            assert_eq!((parts.method.as_str(), parts.uri.path()), ("POST", "/v1/traces"));
            assert_eq!(parts.headers["content-type"], "application/x-protobuf");
            taken.lock().unwrap().push(body);
            async { Ok(Response::default()) }
        });
        Collector { url: served.url.clone(), bodies, _served: served }
    }

    /// All bytes that the host sent.
    pub fn bytes(&self) -> Vec<u8> {
        self.bodies.lock().unwrap().concat()
    }

    pub fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().unwrap().clone();
        let requests = bodies.into_iter().map(|body| ExportTraceServiceRequest::decode(body).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }
}

/// An attribute of a span, as text.
pub fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{key} is {other:?}"),
    }
}
