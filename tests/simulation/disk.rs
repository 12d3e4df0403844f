//! A disk whose bytes are lost as a real disk may lose them: what was written and not synced may be there after a power cut,
//! or not, or in part, in any order.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::bug::Bug;

/// A file of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Store,
    Log,
    Journal,
}

/// The files of one store.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    files: [Contents; 3],
    pub(crate) faults: Faults,
    pub(crate) bug: Option<Bug>,
    chance: SmallRng,
    /// Nothing reaches the disk any more, because its host has ended.
    pub(crate) is_cut: bool,
}

/// What the disk will do wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// After how many changes of files the host ends.
    pub(crate) cut_after: Option<u32>,
    /// The most bytes of all files together.
    pub(crate) capacity: Option<usize>,
    /// How many syncs fail from now on.
    pub(crate) failing_syncs: u32,
    /// How many writes fail from now on.
    pub(crate) failing_writes: u32,
}

#[derive(Debug, Clone, Default)]
struct Contents {
    exists: bool,
    live: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Debug, Clone)]
enum Pending {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

/// Why a change of a file failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskError {
    Full,
    Write,
    Sync,
    /// The host has ended.
    Cut,
}

impl Disk {
    /// A disk with an empty store, as a host makes it before SQLite opens it.
    pub(crate) fn new(seed: u64) -> Disk {
        let mut files = <[Contents; 3]>::default();
        files[Name::Store as usize].exists = true;
        let chance = SmallRng::seed_from_u64(seed);
        Disk { files, faults: Faults::default(), bug: None, chance, is_cut: false }
    }

    /// The same bytes, all of them durable, with other chances.
    pub(crate) fn settled(&self, seed: u64) -> Disk {
        let mut disk = Disk { chance: SmallRng::seed_from_u64(seed), ..self.clone() };
        for file in &mut disk.files {
            file.settle();
        }
        disk
    }

    pub(crate) fn exists(&self, name: Name) -> bool {
        self.files[name as usize].exists
    }

    pub(crate) fn create(&mut self, name: Name) {
        self.files[name as usize].exists = true;
    }

    pub(crate) fn len(&self, name: Name) -> usize {
        self.files[name as usize].live.len()
    }

    /// The bytes of all files together.
    pub(crate) fn used(&self) -> usize {
        self.files.iter().map(|file| file.live.len()).sum()
    }

    /// Reads as many bytes as there are.
    pub(crate) fn read(&self, name: Name, at: usize, into: &mut [u8]) -> usize {
        let live = &self.files[name as usize].live;
        let there = live.len().saturating_sub(at).min(into.len());
        into[..there].copy_from_slice(&live[at.min(live.len())..][..there]);
        there
    }

    pub(crate) fn write(&mut self, name: Name, at: usize, bytes: &[u8]) -> Result<(), DiskError> {
        self.change()?;
        if self.faults.failing_writes > 0 {
            self.faults.failing_writes -= 1;
            return Err(DiskError::Write);
        }
        let growth = (at + bytes.len()).saturating_sub(self.len(name));
        if self.faults.capacity.is_some_and(|capacity| growth > 0 && self.used() + growth > capacity) {
            // A disk that becomes full in the middle of a write has its beginning.
            let room = bytes.len() - growth.min(bytes.len());
            let part = self.chance.random_range(0..=room.max(bytes.len() / 2));
            self.files[name as usize].write(at, &bytes[..part]);
            return Err(DiskError::Full);
        }
        self.files[name as usize].write(at, bytes);
        Ok(())
    }

    pub(crate) fn truncate(&mut self, name: Name, length: usize) -> Result<(), DiskError> {
        self.change()?;
        let file = &mut self.files[name as usize];
        file.live.resize(length, 0);
        file.pending.push(Pending::Length(length));
        Ok(())
    }

    pub(crate) fn sync(&mut self, name: Name) -> Result<(), DiskError> {
        self.change()?;
        let file = &mut self.files[name as usize];
        if self.faults.failing_syncs > 0 {
            self.faults.failing_syncs -= 1;
            // What did not reach the disk counts as written afterwards: no later sync writes it.
            file.lose(&mut self.chance);
            return Err(if self.bug == Some(Bug::SyncErrorIsFull) {
                DiskError::Full
            } else {
                DiskError::Sync
            });
        }
        if self.bug != Some(Bug::NoSync) {
            file.settle();
        }
        Ok(())
    }

    /// Removes a file and syncs the folder.
    pub(crate) fn remove(&mut self, name: Name) -> Result<(), DiskError> {
        self.change()?;
        self.files[name as usize] = Contents::default();
        Ok(())
    }

    /// The host ended. After a power cut, the disk has what was synced and any part of the rest.
    pub(crate) fn restart(&mut self, is_power_cut: bool) {
        if is_power_cut {
            for file in &mut self.files {
                file.lose(&mut self.chance);
                file.live.clone_from(&file.durable);
            }
        }
        self.is_cut = false;
        self.faults.cut_after = None;
    }

    /// Counts a change of a file. The change at which the count ends is not made.
    fn change(&mut self) -> Result<(), DiskError> {
        if let Some(left) = &mut self.faults.cut_after {
            self.is_cut |= *left == 0;
            *left = left.saturating_sub(1);
        }
        if self.is_cut { Err(DiskError::Cut) } else { Ok(()) }
    }
}

impl Contents {
    fn write(&mut self, at: usize, bytes: &[u8]) {
        put(&mut self.live, at, bytes);
        self.pending.push(Pending::Write { at, bytes: bytes.to_vec() });
    }

    /// Everything reaches the disk.
    fn settle(&mut self) {
        for change in self.pending.drain(..) {
            match change {
                Pending::Write { at, bytes } => put(&mut self.durable, at, &bytes),
                Pending::Length(length) => self.durable.resize(length, 0),
            }
        }
    }

    /// Any part of what is pending reaches the disk, and the rest never.
    fn lose(&mut self, chance: &mut SmallRng) {
        let share = [0.0, 0.5, 0.9, 1.0][chance.random_range(0..4)];
        for change in self.pending.drain(..) {
            match change {
                Pending::Length(length) if chance.random_bool(share) => self.durable.resize(length, 0),
                Pending::Length(_) => {}
                Pending::Write { at, bytes } => {
                    for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                        if chance.random_bool(share) {
                            put(&mut self.durable, at + number * SECTOR, sector);
                        }
                    }
                }
            }
        }
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if file.len() < at + bytes.len() {
        file.resize(at + bytes.len(), 0);
    }
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// What a disk writes completely or not at all.
const SECTOR: usize = 512;
