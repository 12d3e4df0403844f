//! Sends the outgoing requests of a component by plain HTTP/1.1, each over a connection of its own, within its time limits.

use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

pub struct Outgoing;

type Rest = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Rest,
    ) -> Box<dyn Future<Output = Result<(hyper::Response<WasiBody>, Rest), Error>> + Send> {
        Box::new(async move {
            let response = send(request, options.unwrap_or_default()).await?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) }) as Rest))
        })
    }
}

async fn send(
    mut request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<hyper::Response<Incoming>, Error> {
    let authority = request.uri().authority().ok_or(Error::HttpRequestUriInvalid)?.to_string();
    let path = request.uri().path().parse().map_err(|_| Error::HttpRequestUriInvalid)?;
    *request.uri_mut() = path;
    let connect = TcpStream::connect(authority);
    let stream = match options.connect_timeout {
        None => connect.await,
        Some(limit) => timeout(limit, connect).await.map_err(|_| Error::ConnectionTimeout)?,
    };
    let stream = stream.map_err(Error::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // The task ends with the body of the answer, or when the sender is dropped.
    tokio::spawn(connection);
    let answer = sender.send_request(request);
    match options.first_byte_timeout {
        None => Ok(answer.await?),
        Some(limit) => Ok(timeout(limit, answer).await.map_err(|_| Error::ConnectionReadTimeout)??),
    }
}
