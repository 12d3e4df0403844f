//! One flipped byte anywhere gives errors, and never a wrong or a missing answer.

use std::fs;
use std::path::Path;

use crate::backend::embedded::Embedded;
use crate::backend::suite::{self, SharedBackend, fields, insert, keys, note, update};
use crate::backend::{Change, Error, Item, Position, Query, Summary};

const ITEMS: usize = 120;
const OWNERS: usize = 5;

fn key(number: usize) -> String {
    // As random ids do, these meet the trees in no order.
    format!("{:08x}-{number:03}", crc32fast::hash(&number.to_le_bytes()))
}

/// All that is in the store.
#[derive(Debug, PartialEq)]
struct Content {
    items: Vec<Item>,
    lists: Vec<Vec<Summary>>,
}

/// A closed store with many pages in every tree: its file, and what it holds.
async fn sample(dir: &Path) -> (Vec<u8>, Content) {
    let store = super::open(dir);
    for number in 0..ITEMS {
        let owner = format!("owner {}", number % OWNERS);
        let text = "long text ".repeat(if number % 20 == 0 { 2_000 } else { 20 });
        let made_at = format!("{:04}", number / 3);
        let pairs = [("owner", &*owner), ("made_at", &made_at), ("state", "s"), ("text", &text)];
        insert(&store, &key(number), &pairs).await;
        for entry in 0..number % 4 {
            let note = note(&format!("n{entry}"), &text[..100]);
            update(&store, &key(number), Change { set: fields(&[("state", "t")]), ..note }).await;
        }
    }
    let content = Content { items: items(&store).await.unwrap(), lists: lists(&store).await.unwrap() };
    store.close().await;
    (fs::read(dir.join("store.sqlite3")).unwrap(), content)
}

async fn items(store: &SharedBackend) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for number in 0..ITEMS {
        items.extend(store.get(&key(number)).await?);
    }
    Ok(items)
}

async fn lists(store: &SharedBackend) -> Result<Vec<Vec<Summary>>, Error> {
    let mut lists = Vec::new();
    for (index, value) in indexed() {
        lists.push(pages(store, &index, &value).await?);
    }
    Ok(lists)
}

fn indexed() -> Vec<(String, String)> {
    let owner = |number| ("ByOwner".to_owned(), format!("owner {number}"));
    let state = |state: &str| ("ByState".to_owned(), state.to_owned());
    (0..OWNERS).map(owner).chain([state("s"), state("t"), state("none")]).collect()
}

async fn pages(store: &SharedBackend, index: &str, value: &str) -> Result<Vec<Summary>, Error> {
    let mut items = Vec::new();
    let mut after: Option<Position> = None;
    loop {
        let query = Query { index: index.to_owned(), value: value.to_owned(), limit: 10, after };
        let page = store.query(query).await?;
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(items);
        }
    }
}

/// How the answers of a damaged store turned out.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    corrupt: usize,
    unharmed: usize,
}

impl Tally {
    /// Opens the damaged store and asks for everything in it.
    async fn take(&mut self, dir: &Path, content: &Content, place: &str) {
        let Ok(store) = Embedded::open(dir, &suite::schema()) else {
            self.refused += 1;
            return;
        };
        let store: SharedBackend = std::sync::Arc::new(store);
        let mut errors = 0;
        for item in &content.items {
            errors += usize::from(judge(store.get(&item.key).await, &Some(item.clone()), place));
        }
        errors += usize::from(judge(store.get("absent").await, &None, place));
        for ((index, value), list) in indexed().iter().zip(&content.lists) {
            errors += usize::from(judge(pages(&store, index, value).await, list, place));
        }
        store.close().await;
        if errors > 0 { self.corrupt += 1 } else { self.unharmed += 1 }
    }
}

/// Whether the answer is an error; it must be that or right.
fn judge<T: PartialEq + std::fmt::Debug>(answer: Result<T, Error>, right: &T, place: &str) -> bool {
    match answer {
        Ok(answer) => {
            assert_eq!(answer, *right, "a wrong answer after a flip at {place}");
            false
        }
        Err(error) => {
            assert!(matches!(error, Error::Corrupt(_)), "{error} after a flip at {place}");
            true
        }
    }
}

/// xorshift64*: the same flips in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % sides
    }
}

async fn flip(places: impl IntoIterator<Item = usize>, seed: u64) -> Tally {
    let dir = tempfile::tempdir().unwrap();
    let (file, content) = sample(dir.path()).await;
    assert_eq!(content.items.len(), ITEMS);
    assert!(content.lists.iter().map(|list| keys(list).len()).sum::<usize>() == 2 * ITEMS);
    let path = dir.path().join("store.sqlite3");
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    for place in places {
        let place = if place == usize::MAX { dice.roll(file.len()) } else { place };
        let mut damaged = file.clone();
        damaged[place] ^= u8::try_from(1 + dice.roll(255)).unwrap();
        fs::write(&path, &damaged).unwrap();
        tally.take(dir.path(), &content, &format!("byte {place} of {}", file.len())).await;
        for left in ["store.sqlite3-wal", "store.sqlite3-shm"] {
            drop(fs::remove_file(dir.path().join(left)));
        }
    }
    tally
}

/// `FLIPS=20000 SEED=1 cargo test --release flipped` goes on for longer.
#[tokio::test]
async fn a_flipped_byte_never_gives_a_wrong_answer() {
    let number = std::env::var("FLIPS").map_or(200, |number| number.parse().unwrap());
    let seed = std::env::var("SEED").map_or(7, |seed| seed.parse().unwrap());
    let tally = flip(std::iter::repeat_n(usize::MAX, number), seed).await;
    println!("{number} flips: {tally:?}");
    assert_eq!(tally.refused + tally.corrupt + tally.unharmed, number);
    assert!(tally.corrupt > number / 2, "the flips missed what they were to hit: {tally:?}");
}

/// The header says how all pages are to be read.
#[tokio::test]
async fn a_flipped_byte_in_the_header_never_gives_a_wrong_answer() {
    let tally = flip(0..100, 7).await;
    println!("header: {tally:?}");
}
