//! The chance of faults: a function of what a request says, and not of when it arrives.

use sha2::{Digest, Sha256};

/// What the chance of a request depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dice {
    /// The seed of the space.
    pub seed: u64,
    /// The digest of what the request says.
    pub digest: [u8; 32],
    /// How often the same was said before in this space, since its last reset.
    pub repetition: u64,
}

/// What a roll decides. Each has dice of its own, so that one decision says nothing about another.
#[derive(Debug, Clone, Copy)]
enum Decision {
    Hit,
    Delay,
    Stored,
}

/// The rolls of one rule for one request, or for one call of the store within it.
#[derive(Debug)]
pub(super) struct Rolls<'a> {
    dice: &'a Dice,
    rule: &'a str,
    call: u32,
}

impl Dice {
    /// The rolls of a rule for the call of the store with this number.
    pub(super) fn rolls<'a>(&'a self, rule: &'a str, call: u32) -> Rolls<'a> {
        Rolls { dice: self, rule, call }
    }
}

impl Rolls<'_> {
    /// Whether a fault of this probability happens: never at 0, always at 1.
    pub(super) fn hits(&self, probability: f64) -> bool {
        fraction(self.roll(Decision::Hit)) < probability
    }

    /// A number from `least` to `most`, both included, in milliseconds.
    pub(super) fn delay_ms(&self, least: u64, most: u64) -> u64 {
        let count = most.saturating_sub(least).saturating_add(1);
        // `count` is at most 60,001, so the remainder favours no number by more than one part in 10^14.
        least + self.roll(Decision::Delay) % count
    }

    /// Whether a write whose outcome is unknown is done.
    pub(super) fn stored(&self) -> bool {
        self.roll(Decision::Stored).is_multiple_of(2)
    }

    fn roll(&self, decision: Decision) -> u64 {
        let domain: &[u8] = match decision {
            Decision::Hit => b"portdesk-fault/1 hit\0",
            Decision::Delay => b"portdesk-fault/1 delay\0",
            Decision::Stored => b"portdesk-fault/1 stored\0",
        };
        // The rule's id stands last, because it is the only part whose length varies.
        let digest = Sha256::new()
            .chain_update(domain)
            .chain_update(self.dice.seed.to_be_bytes())
            .chain_update(self.dice.digest)
            .chain_update(self.dice.repetition.to_be_bytes())
            .chain_update(self.call.to_be_bytes())
            .chain_update(self.rule)
            .finalize();
        digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// The roll as a fraction from 0 to below 1. It has the upper 53 bits, which a float can hold: with all 64, the greatest rolls
/// would be rounded to 1, and a fault of probability 1 would miss them.
fn fraction(roll: u64) -> f64 {
    let upper = u32::try_from(roll >> 32).unwrap_or(u32::MAX);
    let lower = u32::try_from((roll & 0xffff_ffff) >> 11).unwrap_or(u32::MAX);
    let of_2_to_21 = f64::from(1_u32 << 21);
    (f64::from(upper) + f64::from(lower) / of_2_to_21) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice(seed: u64, first: u8, repetition: u64) -> Dice {
        let mut digest = [0; 32];
        digest[0] = first;
        Dice { seed, digest, repetition }
    }

    #[test]
    fn a_fraction_is_at_least_0_and_below_1() {
        assert_eq!(fraction(0).to_bits(), 0.0_f64.to_bits());
        assert!(fraction(u64::MAX) < 1.0);
        assert_eq!(fraction(1 << 63).to_bits(), 0.5_f64.to_bits());
        assert_eq!(fraction(1 << 62).to_bits(), 0.25_f64.to_bits());
    }

    #[test]
    fn equal_dice_roll_equally_and_each_part_changes_the_roll() {
        let roll = |dice: &Dice, rule: &str, call: u32| dice.rolls(rule, call).roll(Decision::Hit);
        let same = roll(&dice(1, 2, 3), "a", 4);
        assert_eq!(roll(&dice(1, 2, 3), "a", 4), same);
        for other in [
            roll(&dice(2, 2, 3), "a", 4),
            roll(&dice(1, 3, 3), "a", 4),
            roll(&dice(1, 2, 4), "a", 4),
            roll(&dice(1, 2, 3), "b", 4),
            roll(&dice(1, 2, 3), "a", 5),
            dice(1, 2, 3).rolls("a", 4).roll(Decision::Delay),
            dice(1, 2, 3).rolls("a", 4).roll(Decision::Stored),
        ] {
            assert_ne!(other, same);
        }
    }

    /// A scenario that was written with one version of the host means the same with the next. The number comes from another
    /// implementation of SHA-256.
    #[test]
    fn a_roll_is_the_same_in_every_version() {
        let roll = dice(42, 7, 1).rolls("fault-1", 2).roll(Decision::Hit);
        assert_eq!(roll, 16_799_958_508_306_703_227);
    }
}
