//! A proxy before a server, which lets a test see each request and change what becomes of it.

use std::future::pending;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;

use crate::faults::{Answer, Parts, Reset, Served, pass_on};

/// A proxy. The drop ends it with all its connections.
pub struct Meddler {
    pub url: String,
    _served: Served,
}

/// What becomes of a request.
pub enum Step {
    PassOn,
    /// The server does not see the request.
    Answer(Answer),
    /// The server gets another body of the same length.
    SpoilRequest,
    /// The client gets another body of the same length.
    SpoilAnswer,
    /// The client gets no answer.
    Hang,
    /// The client gets no answer, and its connection ends.
    Reset,
}

impl Meddler {
    /// A proxy on a free port, before the server at this URL. `decide` may block.
    pub fn start(upstream: &str, decide: impl Fn(&Parts) -> Step + Clone + Send + 'static) -> Meddler {
        let upstream = upstream.to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let served = Served::start(move |parts, body| {
            let (upstream, http, decide) = (upstream.clone(), http.clone(), decide.clone());
            async move {
                match tokio::task::block_in_place(|| decide(&parts)) {
                    Step::PassOn => pass_on(&http, &upstream, parts, body).await,
                    Step::Answer(answer) => Ok(answer),
                    Step::SpoilRequest => pass_on(&http, &upstream, parts, spoilt(body)).await,
                    Step::SpoilAnswer => {
                        let (parts, body) = pass_on(&http, &upstream, parts, body).await?.into_parts();
                        let body = body.collect().await.unwrap().to_bytes();
                        Ok(Answer::from_parts(parts, Full::new(spoilt(body))))
                    }
                    Step::Hang => pending().await,
                    Step::Reset => Err(Reset::other("as planned")),
                }
            }
        });
        Meddler { url: served.url.clone(), _served: served }
    }
}

fn spoilt(body: Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes.into()
}
