//! `portdesk cost`: what a month costs behind API Gateway and Lambda, part by part.
//!
//! The command knows the operations of a component only by what they ask of the store: a read is one `GetItem`, a list one
//! `Query`, a create one `PutItem`, and a change a `GetItem` and an `UpdateItem` at most. `tests/dynamodb/requests.rs` counts these
//! requests for each operation of the built-in component.

mod prices;

use std::fmt::Write;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::{Ended, output};

/// The arguments of `portdesk cost`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Requests in a month
    #[arg(long, value_name = "NUMBER", value_parser = number(1_000_000_000))]
    requests: u32,

    /// Time that the function takes for a request, on average
    #[arg(long, value_name = "MILLISECONDS", value_parser = number(900_000))]
    ms: u32,

    /// Requests of a hundred that read one item
    #[arg(long, value_name = "PERCENT", default_value = "40", value_parser = share())]
    reads: u32,

    /// Requests of a hundred that list items
    #[arg(long, value_name = "PERCENT", default_value = "25", value_parser = share())]
    lists: u32,

    /// Requests of a hundred that create an item
    #[arg(long, value_name = "PERCENT", default_value = "20", value_parser = share())]
    creates: u32,

    /// Requests of a hundred that change an item
    #[arg(long, value_name = "PERCENT", default_value = "15", value_parser = share())]
    changes: u32,

    /// Size of an item
    #[arg(long, value_name = "KIB", default_value = "1", value_parser = number(400))]
    item_kib: u32,
}

fn number(most: u64) -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(1..=most)
}

fn share() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(0..=100)
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let sum = arguments.reads + arguments.lists + arguments.creates + arguments.changes;
    if sum != 100 {
        let flags = "--reads, --lists, --creates and --changes";
        return Err(Ended::WrongUse(format!("{flags}: together they must be 100, and they are {sum}")));
    }
    output::print(&table(arguments))
}

/// A line of the table.
struct Part {
    name: &'static str,
    /// How much of the part a month takes, with the unit.
    amount: String,
    usd: f64,
}

fn table(arguments: &Arguments) -> String {
    let Arguments { requests, ms, item_kib, .. } = arguments;
    let parts = parts(arguments);
    let total: f64 = parts.iter().map(|part| part.usd).sum();
    let agents = f64::from(*requests) / MILLION * prices::AGENT_CALLS_PER_MILLION;
    let mut text = format!(
        "A month of {requests} requests of {ms} ms, in USD, with the prices of {} in us-east-1\n\n",
        prices::DATE
    );
    for Part { name, amount, usd } in &parts {
        line(&mut text, name, amount, *usd);
    }
    line(&mut text, "total", "", total);
    text.push('\n');
    line(&mut text, "AgentCore Gateway", "in addition, if agents make every request", agents);
    let _ = write!(
        text,
        "\nAssumed: a function with 256 MB on arm64; of a hundred requests, {} reads (one GetItem), {} lists (one Query of \
         {LIST_ITEMS}\nitems), {} creates (one PutItem) and {} changes (one GetItem and one UpdateItem); items of {item_kib} KiB \
         with one index entry of\n1 KiB at most; 2 KB of logs for each request; 20 MB and 10 uploads in S3; one secret.\n\
         Not included: storage in DynamoDB, traffic out of AWS, free tiers, taxes.\n",
        arguments.reads, arguments.lists, arguments.creates, arguments.changes
    );
    text
}

fn line(text: &mut String, name: &str, amount: &str, usd: f64) {
    let _ = writeln!(text, "{name:<20}{amount:<44}{usd:>12.4}");
}

/// The parts that every month has.
fn parts(arguments: &Arguments) -> Vec<Part> {
    let requests = f64::from(arguments.requests);
    let millions = requests / MILLION;
    let gb_seconds = requests * f64::from(arguments.ms) / 1000.0 * MEMORY_GB;
    let (reads, writes) = units(arguments);
    let logs_gb = requests * LOG_BYTES / GB;
    let uploads = S3_UPLOADS / MILLION * prices::S3_UPLOADS_PER_MILLION;
    let part = |name, amount, usd| Part { name, amount, usd };
    vec![
        part("REST API", format!("{requests} requests"), millions * prices::REST_API_PER_MILLION),
        part("Lambda requests", format!("{requests} invocations"), millions * prices::LAMBDA_PER_MILLION),
        part("Lambda time", format!("{gb_seconds:.1} GB-seconds"), gb_seconds * prices::LAMBDA_PER_GB_SECOND),
        part(
            "DynamoDB reads",
            format!("{reads:.0} read request units"),
            reads / MILLION * prices::DYNAMODB_READS_PER_MILLION,
        ),
        part(
            "DynamoDB writes",
            format!("{writes:.0} write request units"),
            writes / MILLION * prices::DYNAMODB_WRITES_PER_MILLION,
        ),
        part("CloudWatch Logs", format!("{logs_gb:.3} GB"), logs_gb * prices::LOGS_PER_GB),
        part("S3", "the package and the contract".to_owned(), S3_GB * prices::S3_PER_GB_MONTH + uploads),
        part("Secrets Manager", "1 secret".to_owned(), prices::SECRET_PER_MONTH),
    ]
}

/// The read and the write request units of DynamoDB
/// ([rules](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)).
fn units(arguments: &Arguments) -> (f64, f64) {
    let each = |share: u32| f64::from(arguments.requests) * f64::from(share) / 100.0;
    let item_kib = f64::from(arguments.item_kib);
    let get = (item_kib / 4.0).ceil();
    // Lists are eventually consistent, and their entries are summed before they are rounded.
    let query = (LIST_ITEMS * ENTRY_KIB / 4.0).ceil() / 2.0;
    let write = item_kib + ENTRY_KIB;
    let reads = each(arguments.reads + arguments.changes) * get + each(arguments.lists) * query;
    (reads, each(arguments.creates + arguments.changes) * write)
}

const MILLION: f64 = 1_000_000.0;
const GB: f64 = 1_000_000_000.0;
/// Of a function with 256 MB.
const MEMORY_GB: f64 = 0.25;
/// What the function and the gateway log for a request.
const LOG_BYTES: f64 = 2_000.0;
/// The items of a page of a list.
const LIST_ITEMS: f64 = 10.0;
/// An entry of an index has the attributes that lists show.
const ENTRY_KIB: f64 = 1.0;
const S3_GB: f64 = 0.02;
const S3_UPLOADS: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Arguments = Arguments {
        requests: 1_000_000,
        ms: 20,
        reads: 40,
        lists: 25,
        creates: 20,
        changes: 15,
        item_kib: 1,
    };

    fn nearly(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-6
    }

    #[test]
    fn each_kind_of_request_has_its_units() {
        let none = Arguments { requests: 100, reads: 0, lists: 0, creates: 0, changes: 0, ..ALL };
        for (arguments, reads, writes) in [
            (Arguments { reads: 100, ..none }, 100.0, 0.0),
            (Arguments { reads: 100, item_kib: 5, ..none }, 200.0, 0.0),
            (Arguments { lists: 100, ..none }, 150.0, 0.0),
            (Arguments { creates: 100, ..none }, 0.0, 200.0),
            (Arguments { changes: 100, item_kib: 3, ..none }, 100.0, 400.0),
        ] {
            let counted = units(&arguments);
            assert!(nearly(counted.0, reads) && nearly(counted.1, writes), "{arguments:?}: {counted:?}");
        }
    }

    #[test]
    fn the_parts_of_a_million_requests_are_as_multiplied_by_hand() {
        for (part, usd) in parts(&ALL).iter().zip([
            3.5,
            0.2,
            5_000.0 * 0.000_013_333_4,
            (0.55 + 0.25 * 1.5) * 0.125,
            0.35 * 2.0 * 0.625,
            1.0,
            0.02 * 0.023 + 0.000_05,
            0.4,
        ]) {
            assert!(nearly(part.usd, usd), "{}: {}", part.name, part.usd);
        }
    }
}
