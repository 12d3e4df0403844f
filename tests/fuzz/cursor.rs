//! Cursors: cursors of the store that a client edited, and cursors that a client forged.

use std::collections::HashSet;

use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::desk::{Desk, Sent};
use super::{fuzz, mutation};

const TICKETS: usize = 12;

#[test]
fn any_cursor_is_answered_and_none_that_was_edited_is_taken() {
    let desk = Desk::new();
    for _ in 0..TICKETS {
        desk.open("ada");
    }
    let genuine = genuine(&desk);
    let known: HashSet<String> = genuine.iter().cloned().collect();
    let edited = mutation::text(select(genuine), &["-", "_", "=", "A", "AAAA", "+", "/", "%", " "]);
    fuzz("cursor", &edited, 0.1, |cursor| {
        let status = desk.ask_well(&listed("ada", &cursor))?.status;
        prop_assert_eq!(status, if known.contains(&cursor) { 200 } else { 400 });
        // A cursor is valid only for the list of its own caller.
        prop_assert_eq!(desk.ask_well(&listed("bob", &cursor))?.status, 400);
        Ok(status == 200)
    });
}

#[test]
fn any_position_under_a_true_digest_is_answered() {
    let desk = Desk::new();
    for _ in 0..TICKETS {
        desk.open("ada");
    }
    let order =
        mutation::text(Just("2026-11-22T14:00:00.000000Z".to_owned()), &["9999", "-", "\0", "Z", "é"]);
    let key = mutation::text(Just("1381617c-c574-47c6-894f-71aafeee0dc2".to_owned()), &["-", "\0", "é"]);
    let positions =
        (order, key).prop_filter("a position has a limit", |(order, key)| order.len() + key.len() < 1024);
    fuzz("position of a cursor", &positions, 0.9, |(order, key)| {
        let cursor = forged(&order, &key, "CallerIdIndex", "ada");
        let answer = desk.ask_well(&listed("ada", &cursor))?;
        let page: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let mut callers = page["tickets"].as_array().into_iter().flatten().map(|ticket| &ticket["caller_id"]);
        prop_assert!(callers.all(|caller| caller == "ada"));
        Ok(answer.status == 200)
    });
}

/// The cursors of a list that is read in pages of one.
fn genuine(desk: &Desk) -> Vec<String> {
    let mut cursors: Vec<String> = Vec::new();
    loop {
        let request = match cursors.last() {
            Some(cursor) => listed("ada", cursor),
            None => Sent::new("GET", "/tickets?caller=ada&limit=1", ""),
        };
        let page: Value = serde_json::from_slice(&desk.ask_well(&request).unwrap().body).unwrap();
        match page["next_cursor"].as_str() {
            Some(cursor) => cursors.push(cursor.to_owned()),
            None => break,
        }
    }
    assert_eq!(cursors.len(), TICKETS - 1);
    cursors
}

/// A request for a page. The cursor is percent-encoded, so every byte reaches the desk unchanged.
fn listed(caller: &str, cursor: &str) -> Sent {
    let cursor: String = cursor.bytes().map(|byte| format!("%{byte:02X}")).collect();
    Sent::new("GET", &format!("/tickets?caller={caller}&limit=1&cursor={cursor}"), "")
}

/// A cursor as the store makes it. Its digest has no secret key, so any client can make one.
fn forged(order: &str, key: &str, index: &str, value: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["portdesk cursor 1", index, value, order, key] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = hash.finalize()[..12].to_vec();
    for part in [order, key] {
        bytes.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    BASE64URL_NOPAD.encode(&bytes)
}
