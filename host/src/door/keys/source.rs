//! Where the keys of a host come from, and how the host notices their changes.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{ActiveKeys, KeyFile, KeyFileContents, KeyTable, KeyTableError};
use crate::files::{Followed, TakeOver};

/// Where keys come from.
#[derive(Clone)]
pub(crate) enum KeySource {
    /// The key file of the data folder.
    File(KeyFile),
    /// The table of the store.
    #[cfg_attr(not(feature = "dynamodb"), expect(dead_code, reason = "only DynamoDB has tables"))]
    Table(KeyTable),
}

impl KeySource {
    /// Has these keys take over every change, for as long as the future is polled: of a file within a second, of a table within
    /// [`LOOK_INTERVAL`] and the time of two reads.
    pub(crate) async fn follow(self, keys: ActiveKeys) {
        match self {
            KeySource::File(file) => follow_file(file, &keys).await,
            KeySource::Table(table) => follow_table(&table, &keys).await,
        }
    }
}

async fn follow_file(file: KeyFile, keys: &ActiveKeys) {
    let (path, known) = (file.path.clone(), keys.clone());
    let read = move || file.read_again(&known.keys.load().contents);
    let followed = Followed { subject: "the key file", files: vec![path], read };
    followed.follow(|contents| keys.take_over(contents)).await;
}

/// While the table cannot be read, the last keys stay valid. The host cannot serve an item from that table either.
async fn follow_table(table: &KeyTable, keys: &ActiveKeys) {
    let mut seen = None;
    let mut followed = TakeOver::new("the list of keys", |contents| keys.take_over(contents));
    let mut ticks = interval(LOOK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let were = keys.keys.load().contents != KeyFileContents::default();
        let look = timeout(LOOK_TIME, table.look(&mut seen, were)).await;
        followed.seen(look.unwrap_or(Err(KeyTableError::Slow)));
    }
}

/// How often a host looks for a change in the table. Each look costs one read unit, 1.3 million in a month of 30 days.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long a look may take.
const LOOK_TIME: Duration = Duration::from_secs(5);
