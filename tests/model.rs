//! The protocol of writes as a model: a checker visits every state that two clients, their hosts and a table can reach, and a
//! planted defect shows that each rule of the protocol is needed.

mod protocol;
mod world;

use stateright::{Checker, HasDiscoveries, Model};

use protocol::{Defect, Protocol};
use world::Operation;

const OPEN: Operation = Operation::Open { content: 1 };
const OPEN_OTHER: Operation = Operation::Open { content: 2 };
const COMMENT: Operation = Operation::Comment;
const CLOSE: Operation = Operation::Move { is_final: true, if_match: false };
const MOVE_IF_MATCH: Operation = Operation::Move { is_final: false, if_match: true };

#[test]
fn no_order_of_events_breaks_a_promise_of_a_write() {
    for (is_open, operations) in [
        (false, [OPEN, OPEN_OTHER]),
        (false, [OPEN, COMMENT]),
        (true, [COMMENT, COMMENT]),
        (true, [COMMENT, CLOSE]),
        (true, [COMMENT, MOVE_IF_MATCH]),
        (true, [MOVE_IF_MATCH, MOVE_IF_MATCH]),
    ] {
        let checker = Protocol { is_open, operations, defect: None }.checker().spawn_bfs().join();
        // Fewer states would mean that the checker skipped something.
        assert!(checker.unique_state_count() > 15_000, "{operations:?}: {}", checker.unique_state_count());
        checker.assert_properties();
    }
}

#[test]
fn each_defect_of_the_protocol_is_found() {
    const ACKNOWLEDGED: &str = "an acknowledged write is stored";
    const REFUSED: &str = "a refused write is never stored";
    const ONCE: &str = "a comment is stored once";
    const VERSION: &str = "a change is made to the version that it names";
    for (defect, is_open, operations, property) in [
        (Defect::InsertOverwrites, false, [OPEN, OPEN_OTHER], ACKNOWLEDGED),
        (Defect::AppendTwice, true, [COMMENT, COMMENT], ONCE),
        (Defect::NewEntryId, true, [COMMENT, COMMENT], ONCE),
        (Defect::ChangeAnyVersion, true, [COMMENT, MOVE_IF_MATCH], VERSION),
        (Defect::ThrottledIsCertain, true, [COMMENT, COMMENT], REFUSED),
        (Defect::StaleIsCertain, true, [COMMENT, MOVE_IF_MATCH], REFUSED),
        (Defect::MissingIsCertain, false, [OPEN, COMMENT], REFUSED),
        (Defect::LostIsRefused, true, [COMMENT, COMMENT], REFUSED),
    ] {
        let checker = Protocol { is_open, operations, defect: Some(defect) }.checker();
        let checker = checker.finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        assert!(checker.discoveries().contains_key(property), "{defect:?}");
    }
}
