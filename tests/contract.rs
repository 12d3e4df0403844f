//! The contract, `openapi.yaml`, as a check of answers.
//!
//! Every test that has an answer calls [`Contract::check`]: an answer that the contract does not document is a defect of the
//! answer or of the contract. The modules stand in the order in which the document becomes a check.

mod schema;
mod operation;
mod document;
mod answer;
mod claims;
mod doubt;

use std::path::Path;
use std::sync::OnceLock;

use answer::Answer;
use document::Document;
pub use operation::Operation;
use operation::Reply;
use schema::Schema;

/// The statuses with which the door may refuse a request for any path.
const DOOR_STATUSES: [u16; 10] = [403, 408, 413, 414, 415, 429, 431, 500, 503, 504];

/// The contract, parsed, with every schema compiled.
pub struct Contract {
    document: Document,
    operations: Vec<Operation>,
    /// The schema of every error that has more than a `message`.
    problem: Schema,
    /// `x-amzn-RequestId`, which every answer has.
    every_answer: Reply,
}

impl Contract {
    /// The contract of this tree.
    pub fn of_this_tree() -> &'static Contract {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml");
            let yaml = std::fs::read_to_string(&path).expect("openapi.yaml lies at the root of the tree");
            Contract::parse(&yaml).unwrap_or_else(|error| panic!("openapi.yaml: {error}"))
        })
    }

    /// Reads a contract and compiles its schemas.
    pub fn parse(yaml: &str) -> Result<Contract, String> {
        let document = Document::parse(yaml)?;
        let request_id = document.at("/components/headers/RequestId")?.clone();
        Ok(Contract {
            operations: document.operations()?,
            problem: document.answer_schema(document.at("/components/schemas/Problem")?)?,
            every_answer: Reply {
                headers: vec![document.header("x-amzn-RequestId", &request_id)?],
                content: Vec::new(),
            },
            document,
        })
    }

    /// Every operation, by path and method.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Checks an answer to a request of `method` and `path`, whose query does not matter. `Err` is a sentence that says what is
    /// wrong.
    pub fn check(
        &self,
        method: &str,
        path: &str,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<(), String> {
        let answer = Answer { to_head: method == "HEAD", status, headers, body };
        let path = path.split('?').next().unwrap_or_default();
        self.every_answer
            .check_headers(&answer)
            .and_then(|()| self.check_by_route(method, path, &answer))
            .map_err(|fault| format!("{method} {path} -> {status}: {fault}"))
    }

    fn check_by_route(&self, method: &str, path: &str, answer: &Answer) -> Result<(), String> {
        let known: Vec<&Operation> = self.operations.iter().filter(|known| known.is_at(path)).collect();
        let sought = if method == "HEAD" { "GET" } else { method };
        match known.iter().find(|operation| operation.method == sought) {
            Some(operation) => self.check_documented(operation, answer),
            None if DOOR_STATUSES.contains(&answer.status) => self.check_refused(answer),
            None if known.is_empty() => self.check_unknown_path(answer),
            None => self.check_other_method(method, &known, answer),
        }
    }

    fn check_documented(&self, operation: &Operation, answer: &Answer) -> Result<(), String> {
        let reply = operation.replies.get(&answer.status).ok_or_else(|| {
            let documented: Vec<&u16> = operation.replies.keys().collect();
            format!("{} documents only {documented:?}", operation.id)
        })?;
        self.check_reply(reply, answer)
    }

    /// Refusals of the door for a request that is no operation: the same as for operations.
    fn check_refused(&self, answer: &Answer) -> Result<(), String> {
        // If operations differ, the answers of a read hold: only the door refuses a body there.
        let reads = self.operations.iter().filter(|operation| operation.method == "GET");
        let reply = reads.filter_map(|operation| operation.replies.get(&answer.status)).next();
        self.check_reply(reply.ok_or("no operation documents this status")?, answer)
    }

    fn check_reply(&self, reply: &Reply, answer: &Answer) -> Result<(), String> {
        reply.check_headers(answer)?;
        if reply.content.is_empty() || !answer.may_have_body() {
            answer.check_no_body()?;
        }
        if reply.content.is_empty() {
            return Ok(());
        }
        let content = reply.content_of(answer.media_type()?)?;
        if !answer.may_have_body() {
            return Ok(());
        }
        let body = answer.json()?;
        content.schema.check(&body)?;
        self.check_problem(answer, &body)
    }

    /// Checks the answer for a path that is not in the contract: 404, or 400 if the path is not text.
    fn check_unknown_path(&self, answer: &Answer) -> Result<(), String> {
        match answer.status {
            400 | 404 => self.check_stray_problem(answer),
            _ => Err("the contract has no such path; only 404 is right".into()),
        }
    }

    /// Checks the answer for a path of the contract with a method that the path does not have.
    fn check_other_method(&self, method: &str, known: &[&Operation], answer: &Answer) -> Result<(), String> {
        match (method, answer.status) {
            ("OPTIONS", 204) => answer.check_no_body()?,
            ("OPTIONS", _) => return Err("OPTIONS is answered 204".into()),
            (_, 405) => self.check_stray_problem(answer)?,
            _ => return Err("the contract has no such method here; only 405 is right".into()),
        }
        answer.check_allow(known.iter().map(|operation| operation.method.as_str()))
    }

    fn check_stray_problem(&self, answer: &Answer) -> Result<(), String> {
        let media_type = answer.media_type()?;
        if !["application/json", "application/problem+json"].contains(&media_type.as_str()) {
            return Err(format!("a problem is not {media_type}"));
        }
        if !answer.may_have_body() {
            return answer.check_no_body();
        }
        let body = answer.json()?;
        self.problem.check(&body)?;
        self.check_problem(answer, &body)
    }

    /// Checks of an error what a schema cannot express: the error is a refusal (`message`, and `outcome` if that is unknown) or a
    /// complete problem, and the members of a problem agree with the status and with each other.
    fn check_problem(&self, answer: &Answer, body: &serde_json::Value) -> Result<(), String> {
        let of_a_refusal = |member: &String| ["message", "outcome"].contains(&member.as_str());
        if answer.status < 400 || body.as_object().is_some_and(|members| members.keys().all(of_a_refusal)) {
            return Ok(());
        }
        self.problem.check(body)?;
        if body["status"] != answer.status {
            return Err(format!("the body says status {}", body["status"]));
        }
        // The door has the messages of API Gateway, which are shorter than the text of a problem.
        let of_the_door = !answer.values("x-amzn-errortype").is_empty();
        if body["message"] != body["detail"] && !of_the_door {
            return Err("message and detail differ".into());
        }
        Ok(())
    }
}
