//! Names in paths and queries that some programs decode into something else.

use super::case::{Case, get};

/// None of these texts names a ticket, in a path or in a query, and none changes the path.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in NAMES {
        for (place, target) in [
            ("a name", format!("/tickets/{name}")),
            ("a first part", format!("/{name}/tickets")),
            ("a middle part", format!("/tickets/{name}/nothing")),
        ] {
            let accepted: &[&[u16]] = &[&[404, 200], &[400]];
            cases.push(Case::new(format!("{name:?} as {place}"), get(&target, ""), accepted));
        }
        let value: &[&[u16]] = &[&[200, 200], &[400]];
        let target = format!("/tickets?caller={name}");
        cases.push(Case::new(format!("{name:?} as a value"), get(&target, ""), value));
    }
    for page in
        ["/healthz%00", "/%68ealthz", "/healthz/", "//healthz", "/./healthz", "/x/../healthz", "/HEALTHZ"]
    {
        cases.push(Case::new(format!("{page} is no page"), get(page, ""), &[&[404, 200], &[400]]));
    }
    cases
}

const NAMES: [&str; 32] = [
    "%2e%2e",
    "..",
    ".",
    "%2e",
    "..%2f..%2fetc%2fpasswd",
    "..%5c..%5cwindows",
    "%252e%252e",
    "%25252e",
    "%2f",
    "%252f",
    "%5c",
    "\\",
    "%00",
    "a%00b",
    "%2500",
    "%0d%0aset-cookie:%20a=b",
    "%0a",
    "%7f",
    "%c0%af",
    "%c0%ae%c0%ae",
    "%e0%80%af",
    "%f0%80%80%af",
    "%ed%a0%80",
    "%f5%80%80%80",
    "%ff",
    "%",
    "%2",
    "%zz",
    "%u002e",
    "%%32%65",
    "\u{ff0e}\u{ff0e}",
    "%ef%bc%8e%ef%bc%8e",
];
