//! The variables of OpenTelemetry, where spans are sent: each that is set is followed, or a host does not start. One
//! that would be read over silently leaves its user without spans, or with more of them than wanted.
//!
//! The library reads most of them by itself, and passes over what it cannot read: so they are checked here.

use std::collections::BTreeMap;
use std::time::Duration;

use super::CollectorError;
use super::collector::CollectorUrl;
use crate::environment;

/// What the variables say that the library is told, and does not read by itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variables {
    /// How long an attempt to send may take.
    pub(super) timeout: Option<Duration>,
    /// Whether they name the service.
    pub(super) has_name: bool,
}

/// Where spans go: where the flag says, or else the variables; none where they are switched off or nobody asked.
pub(super) fn read(flag: Option<&CollectorUrl>) -> Result<Option<(CollectorUrl, Variables)>, CollectorError> {
    of(&environment::variables("OTEL_").collect(), flag)
}

fn of(
    set: &BTreeMap<String, String>,
    flag: Option<&CollectorUrl>,
) -> Result<Option<(CollectorUrl, Variables)>, CollectorError> {
    let value = |name: &str| set.get(name).map(String::as_str);
    if value("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"))
        || value("OTEL_TRACES_EXPORTER") == Some("none")
    {
        return Ok(None);
    }
    let url = match flag {
        Some(url) => Some(url.clone()),
        None => named(set)?,
    };
    let Some(url) = url else { return Ok(None) };
    for (name, value) in set {
        check(name, value).map_err(|why| CollectorError::Variable { name: name.clone(), why })?;
    }
    check_ratio(set)?;
    let timeout = value("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT").or(value("OTEL_EXPORTER_OTLP_TIMEOUT"));
    let timeout = timeout.and_then(|text| text.parse().ok()).map(Duration::from_millis);
    let is_named = |pairs: &str| pairs.split(',').any(|pair| pair.trim().starts_with("service.name="));
    let has_name =
        value("OTEL_SERVICE_NAME").is_some() || value("OTEL_RESOURCE_ATTRIBUTES").is_some_and(is_named);
    Ok(Some((url, Variables { timeout, has_name })))
}

/// The collector that the variables name: one for spans is called as it is, one for everything at `/v1/traces`.
fn named(set: &BTreeMap<String, String>) -> Result<Option<CollectorUrl>, CollectorError> {
    for (name, under) in
        [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""), ("OTEL_EXPORTER_OTLP_ENDPOINT", "/v1/traces")]
    {
        let Some(base) = set.get(name) else { continue };
        // Read as it is first: what is wrong with it is not to be hidden by what is put behind it.
        let read = base
            .parse::<CollectorUrl>()
            .and_then(|_| format!("{}{under}", base.trim_end_matches('/')).parse());
        return read.map(Some).map_err(|why| CollectorError::Variable { name: name.to_owned(), why });
    }
    Ok(None)
}

/// What a variable may say. What is not named here is not followed.
fn check(name: &str, value: &str) -> Result<(), &'static str> {
    let is = |allowed: &[&str]| allowed.iter().any(|allowed| value.eq_ignore_ascii_case(allowed));
    match name {
        "OTEL_SDK_DISABLED" if !is(&["true", "false"]) => Err("it is true or false"),
        "OTEL_TRACES_EXPORTER" if !is(&["otlp"]) => Err("a host has the exporters otlp and none"),
        "OTEL_METRICS_EXPORTER" if !is(&["none", "prometheus"]) => {
            Err("a host sends no metrics; set it to none, and --metrics serves them for Prometheus")
        }
        "OTEL_LOGS_EXPORTER" if !is(&["none"]) => Err("a host sends no log; set it to none"),
        "OTEL_EXPORTER_OTLP_PROTOCOL" | "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" if !is(&["http/protobuf"]) => {
            Err("a host speaks http/protobuf and no other protocol")
        }
        "OTEL_EXPORTER_OTLP_COMPRESSION" | "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION" if !is(&["none"]) => {
            Err("a host does not compress spans; set it to none")
        }
        "OTEL_TRACES_SAMPLER" if !SAMPLERS.contains(&value) => {
            Err("a host has the samplers that the specification names, but for jaeger_remote and xray")
        }
        "OTEL_PROPAGATORS" if !propagates(value) => {
            Err("a host reads traceparent: it is tracecontext, or tracecontext,baggage")
        }
        "OTEL_EXPORTER_OTLP_HEADERS" | "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
            if !value.split(',').all(is_header) =>
        {
            Err("it is NAME=VALUE, and more of these behind commas")
        }
        "OTEL_RESOURCE_ATTRIBUTES" if !value.split(',').all(is_pair) => {
            Err("it is NAME=VALUE, and more of these behind commas")
        }
        "OTEL_EXPORTER_OTLP_TIMEOUT" | "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"
            if !is_number(value, 1, 60_000) =>
        {
            Err("it is a number of milliseconds from 1 to 60000")
        }
        _ if NUMBERS.contains(&name) && !is_number(value, 1, 1_000_000) => {
            Err("it is a number from 1 to 1000000")
        }
        _ if FOLLOWED.contains(&name) || NUMBERS.contains(&name) => Ok(()),
        // They are about metrics and logs, of which none are sent.
        _ if OF_OTHER_SIGNALS.iter().any(|prefix| name.starts_with(prefix)) => Ok(()),
        _ => Err(
            "a host does not follow this variable; unset it, or send no spans with OTEL_SDK_DISABLED=true",
        ),
    }
}

fn check_ratio(set: &BTreeMap<String, String>) -> Result<(), CollectorError> {
    let is_ratio = |text: &String| text.parse::<f64>().is_ok_and(|ratio| (0.0..=1.0).contains(&ratio));
    let argument = set.get(SAMPLER_ARGUMENT);
    let needed = set.get("OTEL_TRACES_SAMPLER").is_some_and(|sampler| sampler.ends_with("traceidratio"));
    if argument.is_some_and(|text| !is_ratio(text)) || (needed && argument.is_none()) {
        let why = "it is a number from 0 to 1, which the samplers by ratio need";
        return Err(CollectorError::Variable { name: SAMPLER_ARGUMENT.to_owned(), why });
    }
    Ok(())
}

fn propagates(value: &str) -> bool {
    let mut names = value.split(',').map(str::trim);
    names.clone().any(|name| name == "tracecontext")
        && names.all(|name| ["tracecontext", "baggage"].contains(&name))
}

fn is_pair(pair: &str) -> bool {
    pair.split_once('=').is_some_and(|(name, value)| !name.trim().is_empty() && !value.trim().is_empty())
}

fn is_header(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().trim();
    let is_visible = pair.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    is_pair(pair) && is_visible && hyper::header::HeaderName::from_bytes(name.as_bytes()).is_ok()
}

fn is_number(text: &str, least: u64, most: u64) -> bool {
    text.parse().is_ok_and(|number| (least..=most).contains(&number))
}

const SAMPLER_ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";

const SAMPLERS: [&str; 6] = [
    "always_off",
    "always_on",
    "parentbased_always_off",
    "parentbased_always_on",
    "parentbased_traceidratio",
    "traceidratio",
];

const FOLLOWED: [&str; 19] = [
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_LOGS_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_PROPAGATORS",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SDK_DISABLED",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    SAMPLER_ARGUMENT,
];

/// The library reads these, and takes its own where they are no numbers.
const NUMBERS: [&str; 6] = [
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
];

const OF_OTHER_SIGNALS: [&str; 7] = [
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

    type Read = Result<Option<(CollectorUrl, Variables)>, CollectorError>;

    fn with(flag: Option<&str>, set: &[(&str, &str)]) -> Read {
        let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        of(&set, flag.map(|url| url.parse().unwrap()).as_ref())
    }

    fn url(read: Read) -> Option<String> {
        read.unwrap().map(|(url, _)| url.traces())
    }

    const FLAG: Option<&str> = Some("http://127.0.0.1:4318");

    #[test]
    fn spans_go_where_the_flag_says_or_else_where_the_variables_say() {
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
    fn spans_are_switched_off_by_the_variables_that_say_so() {
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
    fn what_is_not_followed_is_refused_by_its_name_and_never_by_its_value() {
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
    fn what_is_followed_is_taken() {
        let (_, variables) = with(
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
        assert_eq!(variables, Variables { timeout: Some(Duration::from_millis(700)), has_name: true });
    }

    #[test]
    fn without_spans_no_variable_is_in_the_way() {
        assert_eq!(url(with(None, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_ANYTHING", "x")])), None);
    }
}
