//! What a host does with clients that mean it harm. Each test has a small version for every test run and a full one:
//! `PORTDESK_ABUSE=full cargo test --release -p portdesk-tests abuse -- --nocapture --test-threads 1`.

mod raw;
