//! `portdesk journal`: the calls that a host answered.

use std::fmt::Write;
use std::time::Duration;

use clap::Args;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::Response;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::time::sleep;

use super::client::Client;
use super::{SpaceOf, Target, people};
use crate::commands::Ended;
use crate::commands::output::print;

#[derive(Debug, Args)]
pub(in crate::commands) struct Arguments {
    /// Print each call when it ends, until the host or a signal ends the command
    #[arg(long, conflicts_with_all = ["har", "after", "limit"])]
    follow: bool,

    /// Print the calls with their bodies as an HTTP archive (HAR 1.2)
    #[arg(long, conflicts_with_all = ["limit", "json"])]
    har: bool,

    /// Only calls after this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,

    /// Most calls; without it, the newest 100
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: Option<u16>,

    #[command(flatten)]
    space: SpaceOf,

    #[command(flatten)]
    target: Target,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let Arguments { space, target, .. } = arguments;
    let client = Client::of(target)?;
    if arguments.follow {
        return follow(&client, &space.of("/v1/events"), target.json);
    }
    let mut path = space.of("/v1/calls");
    for (name, value) in [("after", arguments.after), ("limit", arguments.limit.map(u64::from))] {
        if let Some(value) = value {
            let _ = write!(path, "&{name}={value}");
        }
    }
    if arguments.har {
        path.push_str("&format=har");
    }
    let answer = client.send(Method::GET, &path, None)?.done()?.body;
    if arguments.har {
        return print(&format!("{answer:#}\n"));
    }
    target.print(&answer, |answer| {
        let calls = answer.get("calls").and_then(Value::as_array).into_iter().flatten();
        calls.map(|call| line(call) + "\n").collect()
    })
}

/// Prints the events of a stream. If the host cut the stream, because this command was slow or after an hour, it is opened again.
fn follow(client: &Client, path: &str, as_json: bool) -> Result<(), Ended> {
    let mut last: Option<String> = None;
    loop {
        let path = last.as_ref().map_or_else(|| path.to_owned(), |last| format!("{path}&after={last}"));
        client.stream(&path, |answer| read_events(answer, &mut last, as_json))?;
    }
}

async fn read_events(
    mut answer: Response<Incoming>,
    last: &mut Option<String>,
    as_json: bool,
) -> Result<(), Ended> {
    let mut unread: Vec<u8> = Vec::new();
    while let Some(Ok(frame)) = answer.body_mut().frame().await {
        unread.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
        // An event ends with an empty line, and its text has no line breaks of its own.
        while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = unread.drain(..end + 2).collect();
            let event = Event::parse(&String::from_utf8_lossy(&event));
            *last = event.id.clone().or_else(|| last.take());
            if let Some(text) = event.shown(as_json) {
                print(&text)?;
            }
        }
    }
    sleep(REOPENING_TIME).await;
    Ok(())
}

/// How long the command waits before it opens a stream again, so that a host that ends streams at once is not flooded.
const REOPENING_TIME: Duration = Duration::from_secs(1);

/// One event of a stream.
#[derive(Debug, Default)]
struct Event {
    id: Option<String>,
    name: String,
    data: Value,
}

impl Event {
    fn parse(text: &str) -> Event {
        let mut event = Event::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            match name {
                "id" => event.id = Some(value.to_owned()),
                "event" => value.clone_into(&mut event.name),
                "data" => event.data = serde_json::from_str(value).unwrap_or_default(),
                _ => {}
            }
        }
        event
    }

    /// The line of an event; `None` if nothing is shown for it.
    fn shown(&self, as_json: bool) -> Option<String> {
        match self.name.as_str() {
            "call" if self.data.get("state").and_then(Value::as_str) == Some("open") => None,
            "call" | "mark" | "gap" if as_json => Some(format!("{}\n", self.data)),
            "call" => Some(line(&self.data) + "\n"),
            "mark" => {
                let (number, kind) = (of(&self.data, "n"), of(&self.data, "kind"));
                Some(format!("{number:>6}  -- {kind} {}\n", of(&self.data, "text")))
            }
            "gap" => {
                Some("        -- calls are missing here: the journal did not have them any more\n".to_owned())
            }
            _ => None,
        }
    }
}

/// A call in one line.
fn line(call: &Value) -> String {
    let target = match call.get("query").and_then(Value::as_str) {
        Some(query) => format!("{}?{}", of(call, "path"), people::plain(query)),
        None => of(call, "path"),
    };
    let took = call.get("duration_us").and_then(Value::as_u64).map(|us| format!("{:.1} ms", ms(us)));
    let mut line = format!(
        "{:>6}  {}  {:7}  {:12}  {:6} {target}  {}  {}",
        of(call, "n"),
        of(call, "at"),
        of(call, "via"),
        of(call, "client"),
        of(call, "method"),
        of(call, "status"),
        took.unwrap_or_default(),
    );
    for fault in call.get("faults").and_then(Value::as_array).into_iter().flatten() {
        let _ = write!(line, "  fault {} at {}", of(fault, "rule"), of(fault, "station"));
    }
    line
}

fn of(value: &Value, name: &str) -> String {
    value.get(name).filter(|member| !member.is_null()).map_or_else(|| "-".to_owned(), people::short)
}

#[expect(clippy::cast_precision_loss, reason = "a duration of days is still exact to a microsecond")]
fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_shown_when_it_has_ended() {
        let shown = |data: Value| {
            let text = format!("id: 9\nevent: call\ndata: {data}\n\n");
            let event = Event::parse(&text);
            assert_eq!(event.id.as_deref(), Some("9"));
            event.shown(false)
        };
        let mut call = json!({
            "n": 7, "state": "open", "at": "2026-03-02T09:00:00Z", "via": "mcp", "client": "triage-bot",
            "method": "POST", "path": "/a", "query": "b=c", "status": null, "faults": [], "duration_us": null,
        });
        assert_eq!(shown(call.clone()), None);
        call["state"] = json!("ended");
        call["status"] = json!(503);
        call["duration_us"] = json!(1234);
        call["faults"] = json!([{"rule": "fault-1", "station": "store", "stored": true}]);
        let line = shown(call).unwrap();
        for part in ["7  2026-03-02T09:00:00Z", "POST   /a?b=c", "503  1.2 ms", "fault fault-1 at store"] {
            assert!(line.contains(part), "{part:?} is not in {line:?}");
        }
    }

    #[test]
    fn a_heartbeat_and_an_unknown_event_are_not_shown() {
        for text in [": \n\n", "event: gauges\ndata: {}\n\n"] {
            assert_eq!(Event::parse(text).shown(false), None, "{text:?}");
        }
    }
}
