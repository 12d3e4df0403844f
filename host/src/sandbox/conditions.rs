//! What a request finds in a space, in place of the host's own store, clock and chance.

use std::time::Duration;

use rand::Rng;
use rand::rngs::ChaCha12Rng;

use crate::clock;
use crate::store::GuestStore;

/// What one request finds in a space.
pub struct Conditions {
    /// The store of the space.
    pub store: GuestStore,
    /// The time and the randomness of the request.
    pub moment: Moment,
}

/// The time and the randomness that a component gets in one request.
#[derive(Debug, Default)]
pub struct Moment {
    /// The time since 1970, however often the component asks. `None` is the time of the machine.
    pub now: Option<Duration>,
    /// The generator of random bytes. `None` is the generator of the host, which nobody can predict. It is boxed because it is
    /// large, and every request moves this.
    pub generator: Option<Box<ChaCha12Rng>>,
}

impl Moment {
    pub(super) fn since_1970(&self) -> Duration {
        self.now.unwrap_or_else(clock::since_1970)
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        match &mut self.generator {
            Some(generator) => generator.fill_bytes(bytes),
            None => rand::rng().fill_bytes(bytes),
        }
    }

    pub(super) fn number(&mut self) -> u64 {
        match &mut self.generator {
            Some(generator) => generator.next_u64(),
            None => rand::rng().next_u64(),
        }
    }

    /// The seed of hash tables. In a space with a seed it is fixed, so that their order in
    /// a new instance does not differ from run to run.
    pub(super) fn hash_seed(&self) -> (u64, u64) {
        if self.generator.is_some() { (0, 0) } else { rand::random() }
    }
}
