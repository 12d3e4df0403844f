//! The chance of a space: random bytes that depend on a seed and on what a request says, and not on the order in which
//! requests arrive.
//!
//! With a seed, each request has a stream of its own, which is derived from the seed, the digest of the request, and how
//! often the same request was made before. Equal requests are interchangeable. So any number of concurrent clients that
//! together say the same get the same set of ids, whoever is first.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The chance of a space.
#[derive(Debug)]
pub struct Chance(Mutex<State>);

#[derive(Debug)]
struct State {
    seed: Option<u64>,
    /// How often each request was made.
    repetitions: HashMap<RequestDigest, u64>,
    is_full: bool,
}

/// The SHA-256 of what a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestDigest(pub [u8; 32]);

/// What a request says: everything that a component can see of it, apart from the request id, and its client.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The method, such as `POST`.
    pub method: &'a str,
    /// The path, as the client sent it.
    pub path: &'a str,
    /// The query without `?`, as the client sent it.
    pub query: Option<&'a str>,
    /// The headers that the component gets.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
    /// The client of the request.
    pub client: &'a str,
}

/// The chance of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// The seed of the space, if it has one.
    pub seed: Option<u64>,
    /// The digest of the request.
    pub digest: RequestDigest,
    /// How often the same request was made before in this space.
    pub repetition: u64,
}

impl Chance {
    /// Chance from this seed. Without a seed, components get bytes that nobody can predict.
    #[must_use]
    pub fn new(seed: Option<u64>) -> Chance {
        Chance(Mutex::new(State { seed, repetitions: HashMap::new(), is_full: false }))
    }

    /// Starts again from this seed, as if no request had been made.
    pub fn restart(&self, seed: Option<u64>) {
        *self.lock() = State { seed, repetitions: HashMap::new(), is_full: false };
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.lock().seed
    }

    /// Whether ids depend on what was said alone. This ends after [`REQUESTS_LIMIT`] different requests, because the space
    /// does not remember more.
    #[must_use]
    pub fn is_deterministic(&self) -> bool {
        let state = self.lock();
        state.seed.is_some() && !state.is_full
    }

    /// Counts a request, and returns its chance.
    pub fn draw(&self, said: &Said<'_>) -> Draw {
        let digest = said.digest();
        let mut state = self.lock();
        let has_room = state.repetitions.len() < REQUESTS_LIMIT;
        let repetition = match state.repetitions.get_mut(&digest) {
            Some(before) => {
                let repetition = *before;
                *before = before.saturating_add(1);
                repetition
            }
            None if has_room => {
                state.repetitions.insert(digest, 1);
                0
            }
            // A number that no counted request has, so that the ids of a request that is not counted are never repeated.
            None => {
                state.is_full = true;
                rand::random::<u64>() | 1 << 63
            }
        };
        Draw { seed: state.seed, digest, repetition }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said<'_> {
    /// Each part has its length before it, so that no two requests have the same bytes.
    fn digest(&self) -> RequestDigest {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        for text in [self.client, self.method, self.path, self.query.unwrap_or_default()] {
            part(text.as_bytes());
        }
        for (name, value) in self.headers {
            part(name.as_bytes());
            part(value.as_bytes());
        }
        part(self.body);
        RequestDigest(digest.finalize().into())
    }
}

impl Draw {
    /// The generator of the component's random bytes in this request, if the space has a seed.
    #[must_use]
    pub fn generator(&self) -> Option<ChaCha12Rng> {
        Some(ChaCha12Rng::from_seed(self.derived(b"portdesk-chance/1")?))
    }

    /// The id of this request, if the space has a seed.
    #[must_use]
    pub fn request_id(&self) -> Option<Uuid> {
        let derived = self.derived(b"portdesk-request/1")?;
        Some(Builder::from_random_bytes(*derived.first_chunk()?).into_uuid())
    }

    /// Bytes for one purpose, which say nothing about those for another.
    fn derived(&self, purpose: &[u8]) -> Option<[u8; 32]> {
        let mut digest = Sha256::new();
        digest.update(purpose);
        digest.update(self.seed?.to_le_bytes());
        digest.update(self.digest.0);
        digest.update(self.repetition.to_le_bytes());
        Some(digest.finalize().into())
    }
}

/// The most different requests that a space remembers, which takes about 5 MB.
pub const REQUESTS_LIMIT: usize = 100_000;

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    const SAID: Said<'static> = Said {
        method: "POST",
        path: "/notes",
        query: None,
        headers: &[("content-type", "application/json")],
        body: b"{}",
        client: "agent",
    };

    fn bytes(draw: Draw) -> u64 {
        draw.generator().unwrap().next_u64()
    }

    #[test]
    fn the_same_requests_get_the_same_bytes_in_every_order() {
        let bodies: Vec<String> = (0..200).map(|number| format!("{{\"n\":{}}}", number / 2)).collect();
        let drawn = |bodies: &mut dyn Iterator<Item = &String>| {
            let chance = Chance::new(Some(42));
            let draw = |body: &String| bytes(chance.draw(&Said { body: body.as_bytes(), ..SAID }));
            let mut drawn: Vec<u64> = bodies.map(draw).collect();
            drawn.sort_unstable();
            drawn
        };
        let forward = drawn(&mut bodies.iter());
        assert_eq!(forward, drawn(&mut bodies.iter().rev()));
        let interleaved: Vec<_> = (0..100).flat_map(|at| [&bodies[at], &bodies[199 - at]]).collect();
        assert_eq!(forward, drawn(&mut interleaved.into_iter()));
        assert!(forward.windows(2).all(|pair| pair[0] != pair[1]), "a repeated request has other bytes");
    }

    #[test]
    fn every_part_of_a_request_counts_and_no_two_parts_run_together() {
        let chance = Chance::new(Some(1));
        let draws = [
            SAID,
            Said { method: "PUT", ..SAID },
            Said { path: "/note", query: Some("s"), ..SAID },
            Said { query: Some("a=1"), ..SAID },
            Said { headers: &[("content-typ", "eapplication/json")], ..SAID },
            Said { headers: &[], ..SAID },
            Said { body: b"{} ", ..SAID },
            Said { client: "importer", ..SAID },
        ]
        .map(|said| chance.draw(&said).digest);
        for (at, digest) in draws.iter().enumerate() {
            assert!(!draws[..at].contains(digest), "{at}");
        }
    }

    #[test]
    fn another_seed_gives_other_bytes_and_no_seed_gives_no_generator() {
        let first = |seed| Chance::new(seed).draw(&SAID);
        assert_ne!(bytes(first(Some(1))), bytes(first(Some(2))));
        assert!(first(None).generator().is_none() && first(None).request_id().is_none());
        let ids = [Some(1), Some(1), Some(2)].map(|seed| first(seed).request_id().unwrap());
        assert!(ids[0] == ids[1] && ids[0] != ids[2] && ids[0].get_version_num() == 4, "{ids:?}");
    }

    #[test]
    fn a_restart_forgets_what_was_said() {
        let chance = Chance::new(Some(7));
        let before = chance.draw(&SAID);
        assert_eq!(chance.draw(&SAID).repetition, 1);
        chance.restart(Some(7));
        assert_eq!(chance.draw(&SAID), before);
    }

    #[test]
    fn a_space_that_remembers_no_more_says_so() {
        let chance = Chance::new(Some(7));
        for number in 0..REQUESTS_LIMIT {
            chance.draw(&Said { body: &number.to_le_bytes(), ..SAID });
        }
        assert!(chance.is_deterministic());
        let draws = [chance.draw(&SAID), chance.draw(&SAID)];
        assert_ne!(bytes(draws[0]), bytes(draws[1]));
        assert!(!chance.is_deterministic());
    }
}
