use alloc::format;

use expect_test::expect;

use super::env::{Desk, FIRST, TICKET};
use crate::store::Error;

/// A desk whose store answers nothing but `error`.
fn failing(error: Error) -> Desk {
    let desk = Desk::new();
    desk.store.error.set(Some(error));
    desk
}

#[test]
fn an_overloaded_store_states_when_to_repeat() {
    failing(Error::Throttled(Some(2_001))).check("POST /tickets", TICKET, expect![[r#"
        503 create_ticket
        content-type: application/json
        retry-after: 3
        {"message":"The store is overloaded; nothing was stored. Repeat later.","type":"about:blank","title":"Service Unavailable","status":503,"detail":"The store is overloaded; nothing was stored. Repeat later."}
    "#]]);
    for (milliseconds, seconds) in
        [(None, "1"), (Some(0), "1"), (Some(1_000), "1"), (Some(u32::MAX), "4294968")]
    {
        let answer = failing(Error::Throttled(milliseconds)).post("/tickets", TICKET);
        assert!(answer.headers.contains(&("retry-after".into(), seconds.into())), "{milliseconds:?}");
    }
}

#[test]
fn a_store_that_cannot_be_reached_stored_nothing() {
    failing(Error::Unavailable).check("POST /tickets", TICKET, expect![[r#"
        503 create_ticket
        content-type: application/json
        retry-after: 1
        {"message":"The store cannot be reached; nothing was stored. Repeat later.","type":"about:blank","title":"Service Unavailable","status":503,"detail":"The store cannot be reached; nothing was stored. Repeat later."}
    "#]]);
}

#[test]
fn a_write_whose_answer_was_lost_is_never_reported_as_refused() {
    failing(Error::Unknown).check("POST /tickets", TICKET, expect![[r#"
        503 create_ticket
        content-type: application/json
        {"message":"The write may have been stored or not. Repeat it with the same Idempotency-Key, or read the ticket first.","type":"about:blank","title":"Service Unavailable","status":503,"detail":"The write may have been stored or not. Repeat it with the same Idempotency-Key, or read the ticket first.","outcome":"unknown"}
    "#]]);
}

#[test]
fn a_ticket_that_no_store_can_hold_is_too_large() {
    failing(Error::TooLarge).check("POST /tickets", TICKET, expect![[r#"
        413 create_ticket
        content-type: application/json
        {"message":"The ticket is larger than the store can hold; nothing was stored.","type":"about:blank","title":"Content Too Large","status":413,"detail":"The ticket is larger than the store can hold; nothing was stored."}
    "#]]);
}

#[test]
fn a_call_that_the_store_finds_invalid_is_our_fault() {
    failing(Error::Invalid).check("GET /tickets?caller=ada", "", expect![[r#"
        500 list_recent_tickets
        content-type: application/json
        {"message":"The store refused a call that should be valid.","type":"about:blank","title":"Internal Server Error","status":500,"detail":"The store refused a call that should be valid."}
    "#]]);
}

#[test]
fn damaged_data_is_reported_as_damaged() {
    failing(Error::Corrupt).check(&format!("GET /tickets/{FIRST}"), "", expect![[r#"
        500 get_ticket_status
        content-type: application/json
        {"message":"The stored data is damaged; an operator has to restore it.","type":"urn:portdesk:problem:corrupt","title":"Corrupt item","status":500,"detail":"The stored data is damaged; an operator has to restore it."}
    "#]]);
}

#[test]
fn a_refusal_that_lasts_stored_nothing_and_asks_for_no_repeat() {
    failing(Error::Misconfigured).check("POST /tickets", TICKET, expect![[r#"
        500 create_ticket
        content-type: application/json
        {"message":"The store is not set up for this request; nothing was stored. Do not repeat it: an operator has to act first.","type":"urn:portdesk:problem:store-misconfigured","title":"Store misconfigured","status":500,"detail":"The store is not set up for this request; nothing was stored. Do not repeat it: an operator has to act first."}
    "#]]);
}

#[test]
fn every_operation_passes_a_failure_on() {
    let to = r#"{"status":"resolved"}"#;
    for (line, body) in [
        ("POST /tickets".into(), TICKET),
        ("GET /tickets?caller=ada".into(), ""),
        (format!("GET /tickets/{FIRST}"), ""),
        (format!("PATCH /tickets/{FIRST}"), to),
        (format!("POST /tickets/{FIRST}/comments"), r#"{"comment":"Hm."}"#),
    ] {
        for (error, status) in [(Error::Unavailable, 503), (Error::Misconfigured, 500)] {
            let answer = failing(error).send(&line, body);
            assert_eq!(answer.status, status, "{line}");
            assert!(answer.operation.is_some(), "{line}");
        }
    }
}
