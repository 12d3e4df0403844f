//! The text of a refusal by DynamoDB, for the operator: the request, its HTTP status, its code and its id.
//!
//! The text leaves out DynamoDB's message, which may quote a client's data. It also leaves out a code or an id of
//! unusual shape, because another server in place of DynamoDB could put anything there.

use core::fmt;

/// A refusal, as text for an operator.
#[derive(Debug, Clone, Copy)]
pub struct AnswerText<'a> {
    /// The name of the request, for example `PutItem`.
    pub operation: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The code of the error, or an empty text.
    pub code: &'a str,
    /// The header `x-amzn-requestid`, or an empty text. AWS can find the request by it.
    pub request_id: &'a str,
}

impl fmt::Display for AnswerText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AnswerText { operation, status, code, request_id } = self;
        let code = if is_code(code) { code } else { "no code of DynamoDB's" };
        write!(formatter, "{operation}: {code}, HTTP status {status}")?;
        if is_id(request_id) { write!(formatter, ", request {request_id}") } else { Ok(()) }
    }
}

fn is_code(text: &str) -> bool {
    let is_word = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word && text.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase())
}

fn is_id(text: &str) -> bool {
    (8..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;

    fn said(code: &str, request_id: &str) -> String {
        AnswerText { operation: "PutItem", status: 400, code, request_id }.to_string()
    }

    #[test]
    fn a_refusal_is_told_by_operation_code_status_and_id() {
        let id = "4QJ0QGNFNQEDB9KPLVIJ2S45AVVV4KQNSO5AEMVJF66Q9ASUAAJG";
        assert_eq!(
            said("ThrottlingException", id),
            format!("PutItem: ThrottlingException, HTTP status 400, request {id}")
        );
        assert_eq!(said("ThrottlingException", ""), "PutItem: ThrottlingException, HTTP status 400");
    }

    #[test]
    fn what_is_no_code_and_no_id_is_not_told() {
        for text in [
            "",
            "a ticket about canaries",
            "canary-description",
            "Canary 7",
            "{\"a\":1}",
            "a\nb",
            "çode",
            &"A".repeat(65),
        ] {
            assert_eq!(said(text, text), "PutItem: no code of DynamoDB's, HTTP status 400", "{text:?}");
        }
    }
}
