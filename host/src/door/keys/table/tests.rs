use std::sync::Mutex;

use async_trait::async_trait;
use tokio::task::JoinSet;

use super::*;
use crate::backend::VersionedText;
use crate::door::{KeyRecord, NewKey};

/// A text in this process.
#[derive(Default)]
struct Fake {
    text: Mutex<Option<VersionedText>>,
    /// What the next replacement answers after it is done.
    lost: Mutex<Option<Error>>,
}

#[async_trait]
impl SharedText for Fake {
    async fn version(&self) -> Result<Option<u64>, Error> {
        Ok(self.text.lock().unwrap().as_ref().map(|text| text.version))
    }

    async fn read(&self) -> Result<Option<VersionedText>, Error> {
        let text = self.text.lock().unwrap().clone();
        // So that others come between a read and the write after it.
        tokio::task::yield_now().await;
        Ok(text)
    }

    async fn replace(&self, text: &str, expected: Expected) -> Result<bool, Error> {
        let mut kept = self.text.lock().unwrap();
        let version = kept.as_ref().map(|kept| kept.version);
        let is_as_expected = match expected {
            Expected::Anything => true,
            Expected::Nothing => version.is_none(),
            Expected::Version(expected) => version == Some(expected),
        };
        if is_as_expected {
            let version = version.unwrap_or(0) + 1;
            *kept = Some(VersionedText { version, text: text.to_owned() });
        }
        self.lost.lock().unwrap().take().map_or(Ok(is_as_expected), Err)
    }
}

fn table() -> (Arc<Fake>, KeyTable) {
    let fake = Arc::new(Fake::default());
    let table = KeyTable::new(Arc::clone(&fake) as Arc<dyn SharedText>);
    (fake, table)
}

fn put(fake: &Fake, version: u64, text: &str) {
    *fake.text.lock().unwrap() = Some(VersionedText { version, text: text.to_owned() });
}

/// Adds a key.
async fn add(table: &KeyTable) -> Result<(), KeyTableError> {
    let record = KeyRecord::new(&NewKey::generate(), "agent");
    let added = table.update(|contents| {
        contents.keys.push(record.clone());
        Ok::<_, ()>(())
    });
    added.await.map(Result::unwrap)
}

#[tokio::test(start_paused = true)]
async fn racing_changes_are_all_kept() {
    let (_fake, table) = table();
    let mut adding = JoinSet::new();
    for _ in 0..8 {
        let table = table.clone();
        adding.spawn(async move { add(&table).await.unwrap() });
    }
    adding.join_all().await;
    assert_eq!(table.read().await.unwrap().keys.len(), 8);
}

#[tokio::test]
async fn a_change_that_is_refused_stores_nothing() {
    let (fake, table) = table();
    let refused = table.update(|contents| {
        contents.keys.push(KeyRecord::new(&NewKey::generate(), "agent"));
        Err::<(), _>("refused")
    });
    assert_eq!(refused.await.unwrap(), Err("refused"));
    assert_eq!(*fake.text.lock().unwrap(), None);
}

#[tokio::test]
async fn only_the_digest_of_a_key_is_stored() {
    let (fake, table) = table();
    let key = NewKey::generate();
    let record = KeyRecord::new(&key, "agent");
    let contents = KeyFileContents { keys: vec![record], plans: Vec::new() };
    table.overwrite(&contents).await.unwrap();
    let text = fake.text.lock().unwrap().clone().unwrap().text;
    assert!(text.contains(&key.id));
    assert!(!text.contains(&key.secret["portdesk_".len() + 8..]));
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_not_called_refused() {
    let (fake, table) = table();
    *fake.lost.lock().unwrap() = Some(Error::Unknown("no answer in time".to_owned()));
    let error = add(&table).await.unwrap_err();
    assert!(error.is_unknown() && error.to_string().contains("`portdesk key list` shows it"), "{error}");
    assert_eq!(table.read().await.unwrap().keys.len(), 1);
    *fake.lost.lock().unwrap() = Some(Error::Unavailable("no connection".to_owned()));
    assert!(!add(&table).await.unwrap_err().is_unknown());
}

#[tokio::test]
async fn a_host_reads_the_keys_once_for_each_version() {
    let (fake, table) = table();
    let mut seen = None;
    assert_eq!(table.look(&mut seen, false).await.unwrap(), Some(KeyFileContents::default()));
    assert_eq!(table.look(&mut seen, false).await.unwrap(), None, "there are still no keys");
    add(&table).await.unwrap();
    assert_eq!(table.look(&mut seen, false).await.unwrap().unwrap().keys.len(), 1);
    assert_eq!(table.look(&mut seen, true).await.unwrap(), None);
    put(&fake, 2, "{\"keys\": []}");
    assert_eq!(table.look(&mut seen, true).await.unwrap(), Some(KeyFileContents::default()));
}

#[tokio::test]
async fn keys_that_are_damaged_or_removed_are_an_error_at_every_look_and_quote_nothing() {
    let (fake, table) = table();
    add(&table).await.unwrap();
    let mut seen = None;
    assert!(table.look(&mut seen, true).await.unwrap().is_some());
    let large = format!("{{\"keys\": []{}}}", " ".repeat(SHARED_TEXT_LIMIT_BYTES));
    for (bad, says) in [
        ("", "damaged at line 1, column 0"),
        ("null", "damaged at line 1, column 4"),
        ("{}", "damaged at line 1, column 2"),
        ("{\"keys\": [\"portdesk_secret\"]}", "damaged at line 1, column "),
        ("{\"keys\": [], \"more\": 1}", "damaged at line 1, column "),
        (&large, "have 393228 bytes, more than 393216"),
    ] {
        put(&fake, 7, bad);
        for _ in 0..2 {
            let said = table.look(&mut seen, true).await.unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains("secret"), "{said}");
        }
        assert!(add(&table).await.is_err(), "a change must not hide the damage: {bad:?}");
    }
    *fake.text.lock().unwrap() = None;
    let said = table.look(&mut seen, true).await.unwrap_err().to_string();
    assert_eq!(said, "there are no keys in the table any more");
}

#[tokio::test]
async fn keys_that_would_be_too_many_are_refused_before_they_are_sent() {
    let (fake, table) = table();
    let record = KeyRecord::new(&NewKey::generate(), &"n".repeat(64));
    let contents = KeyFileContents { keys: vec![record; 2_000], plans: Vec::new() };
    let said = table.overwrite(&contents).await.unwrap_err().to_string();
    assert!(said.contains("more than 393216; `portdesk key forget` removes a revoked key"), "{said}");
    assert_eq!(*fake.text.lock().unwrap(), None);
}
