//! The variables of OpenTelemetry. If spans are sent, each variable that is set is followed, or the host does not start: a
//! variable that is silently ignored would leave its user without spans, or with more spans than wanted.
//!
//! The library reads most of the variables itself, and ignores malformed values. So the values are checked here.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::header::HeaderName;

use super::CollectorError;
use super::collector::CollectorUrl;
use crate::environment;

/// What the library does not read from the variables itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// The collector.
    pub(super) url: CollectorUrl,
    /// How long an attempt to send may take.
    pub(super) timeout: Option<Duration>,
    /// Whether the variables name the service.
    pub(super) has_name: bool,
}

/// Returns the collector of the flag, or else of the variables. Returns `None` if neither names one, or if a variable turns
/// spans off.
pub(super) fn read(flag: Option<&CollectorUrl>) -> Result<Option<Settings>, CollectorError> {
    of(&environment::variables("OTEL_").collect(), flag)
}

fn of(
    set: &BTreeMap<String, String>,
    flag: Option<&CollectorUrl>,
) -> Result<Option<Settings>, CollectorError> {
    let value = |name: &str| set.get(name).map(String::as_str);
    let is = |name, word| value(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
        return Ok(None);
    }
    let url = match flag {
        Some(url) => Some(url.clone()),
        None => collector(set)?,
    };
    let Some(url) = url else { return Ok(None) };
    for (name, value) in set {
        check(name, value).map_err(|why| CollectorError::Variable(name.clone(), why))?;
    }
    let needs_ratio = value("OTEL_TRACES_SAMPLER").is_some_and(|sampler| sampler.ends_with("traceidratio"));
    if needs_ratio && value(RATIO).is_none() {
        let why = "the samplers by ratio need a number from 0 to 1".to_owned();
        return Err(CollectorError::Variable(RATIO.to_owned(), why));
    }
    let timeout = value("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT").or(value("OTEL_EXPORTER_OTLP_TIMEOUT"));
    let timeout = timeout.and_then(|text| text.parse().ok()).map(Duration::from_millis);
    let names_service = |pairs: &str| pairs.split(',').any(|pair| pair.trim().starts_with("service.name="));
    let has_name =
        value("OTEL_SERVICE_NAME").is_some() || value("OTEL_RESOURCE_ATTRIBUTES").is_some_and(names_service);
    Ok(Some(Settings { url, timeout, has_name }))
}

/// The collector that the variables name. The variable for spans has the whole URL. The variable for all signals has the URL
/// without `/v1/traces`.
fn collector(set: &BTreeMap<String, String>) -> Result<Option<CollectorUrl>, CollectorError> {
    for (name, path) in
        [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""), ("OTEL_EXPORTER_OTLP_ENDPOINT", "/v1/traces")]
    {
        let Some(base) = set.get(name) else { continue };
        // The value is also parsed alone, because the path could complete a malformed value.
        let url = base
            .parse::<CollectorUrl>()
            .and_then(|_| format!("{}{path}", base.trim_end_matches('/')).parse());
        return url.map(Some).map_err(|why| CollectorError::Variable(name.to_owned(), why.to_owned()));
    }
    Ok(None)
}

/// Checks a variable by the table. A variable that is not in the table is refused, unless it concerns only metrics or logs,
/// which the host does not send.
fn check(name: &str, value: &str) -> Result<(), String> {
    let general = name.replacen("_OTLP_TRACES_", "_OTLP_", 1);
    match RULES.iter().find(|(name, _)| *name == general) {
        Some((_, values)) => values.check(value),
        None if OTHER_SIGNALS.iter().any(|prefix| name.starts_with(prefix)) => Ok(()),
        None => Err(
            "a host does not follow this variable; unset it, or send no spans with OTEL_SDK_DISABLED=true"
                .into(),
        ),
    }
}

/// The values that a variable may have.
enum Values {
    Any,
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// A number from 1 to this one.
    UpTo(u64),
    /// The values for which the function returns true, and their description.
    If(fn(&str) -> bool, &'static str),
}

impl Values {
    fn check(&self, value: &str) -> Result<(), String> {
        let (is_allowed, allowed) = match self {
            Values::Any => return Ok(()),
            Values::Word(words) => {
                (words.iter().any(|word| value.eq_ignore_ascii_case(word)), words.join(" or "))
            }
            Values::UpTo(most) => {
                let is_in_range = |number: u64| (1..=*most).contains(&number);
                (value.parse().is_ok_and(is_in_range), format!("a number from 1 to {most}"))
            }
            Values::If(is_allowed, allowed) => (is_allowed(value), (*allowed).to_owned()),
        };
        is_allowed.then_some(()).ok_or_else(|| format!("a host accepts only {allowed}"))
    }
}

/// The samplers of the specification, except `jaeger_remote` and `xray`. The library compares them exactly.
fn is_sampler(value: &str) -> bool {
    let name = value.strip_prefix("parentbased_").unwrap_or(value);
    ["always_off", "always_on", "traceidratio"].contains(&name)
}

fn is_ratio(value: &str) -> bool {
    value.parse::<f64>().is_ok_and(|ratio| (0.0..=1.0).contains(&ratio))
}

fn propagates(value: &str) -> bool {
    let mut names = value.split(',').map(str::trim);
    names.clone().any(|name| name == "tracecontext")
        && names.all(|name| ["tracecontext", "baggage"].contains(&name))
}

fn are_headers(value: &str) -> bool {
    let is_visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let is_name = |name: &str| HeaderName::from_bytes(name.trim().as_bytes()).is_ok();
    are_pairs(value)
        && value.bytes().all(is_visible)
        && value.split(',').all(|pair| pair.split('=').next().is_some_and(is_name))
}

fn are_pairs(value: &str) -> bool {
    let is_pair = |(name, value): (&str, &str)| !name.trim().is_empty() && !value.trim().is_empty();
    value.split(',').all(|pair| pair.split_once('=').is_some_and(is_pair))
}

const RATIO: &str = "OTEL_TRACES_SAMPLER_ARG";
const PAIRS: &str = "NAME=VALUE, or several of these with commas between them";

/// The variables that a host follows. A rule for `OTEL_EXPORTER_OTLP_…` applies to `OTEL_EXPORTER_OTLP_TRACES_…` too.
const RULES: [(&str, Values); 20] = [
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Values::UpTo(1_000_000)),
    ("OTEL_BSP_MAX_QUEUE_SIZE", Values::UpTo(1_000_000)),
    ("OTEL_BSP_SCHEDULE_DELAY", Values::UpTo(1_000_000)),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", Values::Word(&["none"])),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", Values::Any),
    ("OTEL_EXPORTER_OTLP_HEADERS", Values::If(are_headers, PAIRS)),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", Values::Word(&["http/protobuf"])),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", Values::UpTo(60_000)),
    ("OTEL_LOGS_EXPORTER", Values::Word(&["none"])),
    ("OTEL_METRICS_EXPORTER", Values::Word(&["none", "prometheus"])),
    ("OTEL_PROPAGATORS", Values::If(propagates, "tracecontext, or tracecontext,baggage")),
    ("OTEL_RESOURCE_ATTRIBUTES", Values::If(are_pairs, PAIRS)),
    ("OTEL_SDK_DISABLED", Values::Word(&["true", "false"])),
    ("OTEL_SERVICE_NAME", Values::Any),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", Values::UpTo(1_000_000)),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", Values::UpTo(1_000_000)),
    ("OTEL_SPAN_LINK_COUNT_LIMIT", Values::UpTo(1_000_000)),
    ("OTEL_TRACES_EXPORTER", Values::Word(&["otlp", "none"])),
    (
        "OTEL_TRACES_SAMPLER",
        Values::If(is_sampler, "the samplers of OpenTelemetry, except jaeger_remote and xray"),
    ),
    (RATIO, Values::If(is_ratio, "a number from 0 to 1")),
];

const OTHER_SIGNALS: [&str; 7] = [
    "OTEL_BLRP_",
    "OTEL_EXPORTER_OTLP_LOGS_",
    "OTEL_EXPORTER_OTLP_METRICS_",
    "OTEL_EXPORTER_PROMETHEUS_",
    "OTEL_LOGRECORD_",
    "OTEL_METRICS_EXEMPLAR_",
    "OTEL_METRIC_EXPORT_",
];

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<Option<Settings>, CollectorError>;

    fn with(flag: Option<&str>, set: &[(&str, &str)]) -> Read {
        let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        of(&set, flag.map(|url| url.parse().unwrap()).as_ref())
    }

    fn url(read: Read) -> Option<String> {
        read.unwrap().map(|settings| settings.url.traces())
    }

    const FLAG: Option<&str> = Some("http://127.0.0.1:4318");

    #[test]
    fn the_flag_names_the_collector_or_else_the_variables_do() {
        let [all, own] = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318/"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://own/spans"),
        ];
        assert_eq!(url(with(FLAG, &[all, own])).as_deref(), Some("http://127.0.0.1:4318/v1/traces"));
        assert_eq!(url(with(None, &[all, own])).as_deref(), Some("http://own/spans"));
        assert_eq!(url(with(None, &[all])).as_deref(), Some("http://all:4318/v1/traces"));
        let prefixed = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all/otlp");
        assert_eq!(url(with(None, &[prefixed])).as_deref(), Some("http://all/otlp/v1/traces"));
        assert_eq!(url(with(None, &[])), None);
    }

    #[test]
    fn two_variables_turn_spans_off() {
        for off in
            [("OTEL_SDK_DISABLED", "true"), ("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")]
        {
            assert_eq!(url(with(FLAG, &[off])), None, "{off:?}");
        }
        assert!(
            url(with(FLAG, &[("OTEL_SDK_DISABLED", "false"), ("OTEL_TRACES_EXPORTER", "otlp")])).is_some()
        );
    }

    #[test]
    fn a_variable_that_is_not_followed_is_named_without_its_value() {
        for (name, value) in [
            ("OTEL_SDK_DISABLED", "1"),
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_TRACES_EXPORTER", "otlp,console"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/s3cret.pem"),
            ("OTEL_EXPORTER_OTLP_INSECURE", "false"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a b=s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=s3cret\nb"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_TRACES_SAMPLER", "ALWAYS_ON"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ("OTEL_PROPAGATORS", "b3"),
            ("OTEL_PROPAGATORS", "none"),
            ("OTEL_BSP_SCHEDULE_DELAY", "5s"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BSP_MAX_CONCURRENT_EXPORTS", "2"),
            ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10"),
            ("OTEL_RESOURCE_ATTRIBUTES", "s3cret"),
            ("OTEL_METRICS_EXPORTER", "otlp"),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_CONFIG_FILE", "s3cret.yaml"),
        ] {
            let refused = with(FLAG, &[(name, value)]).unwrap_err().to_string();
            assert!(refused.starts_with(name) && !refused.contains("s3cret"), "{name}={value}: {refused}");
        }
        for url in ["https://a", "http://me:s3cret@a", "a:4318", "http://a:99999", "http://a#b"] {
            for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
                let refused = with(None, &[(name, url)]).unwrap_err().to_string();
                assert!(refused.starts_with(name) && !refused.contains("s3cret"), "{url}: {refused}");
            }
        }
        let by_ratio = with(FLAG, &[("OTEL_TRACES_SAMPLER", "traceidratio")]).unwrap_err().to_string();
        assert!(by_ratio.starts_with("OTEL_TRACES_SAMPLER_ARG"), "{by_ratio}");
    }

    #[test]
    fn variables_that_are_followed_are_accepted() {
        let settings = with(
            FLAG,
            &[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x, x-tenant=7"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "700"),
                ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
                ("OTEL_PROPAGATORS", "tracecontext,baggage"),
                ("OTEL_BSP_SCHEDULE_DELAY", "1000"),
                ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test,service.name=desk"),
                ("OTEL_METRICS_EXPORTER", "none"),
                ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://elsewhere"),
            ],
        )
        .unwrap()
        .unwrap();
        assert_eq!((settings.timeout, settings.has_name), (Some(Duration::from_millis(700)), true));
    }

    #[test]
    fn without_a_collector_no_variable_is_checked() {
        assert_eq!(url(with(None, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_ANYTHING", "x")])), None);
    }
}
