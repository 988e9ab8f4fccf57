//! The mailbox of a device, against one that keeps everything.

use lumencall_core::machine::{Bounds, Mailbox, Overflow};

/// What a mailbox would be that has all the room there is, and counts what the other has.
#[derive(Debug, Default)]
struct Naive {
    /// Every frame's size; its number is its place, from 1.
    sizes: Vec<usize>,
    taken: usize,
    /// How many of the first frames are kept no longer.
    forgotten: usize,
    overflowed: bool,
}

impl Naive {
    fn put(&mut self, bounds: &Bounds, size: usize) -> Result<(), Overflow> {
        if self.overflowed {
            return Err(Overflow);
        }
        self.sizes.push(size);
        let too_much = |naive: &Self| {
            let kept = &naive.sizes[naive.forgotten..];
            kept.len() > bounds.frames || kept.iter().sum::<usize>() > bounds.bytes
        };
        while too_much(self) && self.forgotten < self.taken {
            self.forgotten += 1;
        }
        self.overflowed = too_much(self);
        if self.overflowed { Err(Overflow) } else { Ok(()) }
    }

    fn take(&mut self) -> Option<usize> {
        let next = (!self.overflowed && self.taken < self.sizes.len()).then_some(self.taken + 1);
        self.taken = next.unwrap_or(self.taken);
        next
    }

    fn acknowledge(&mut self, number: usize) {
        self.forgotten = self.forgotten.max(number.min(self.taken));
    }

    fn resume(&mut self, number: usize) -> bool {
        let can = !self.overflowed && (self.forgotten..=self.taken).contains(&number);
        if can {
            self.forgotten = number;
            self.taken = number;
        }
        can
    }
}

/// Numbers that look random and come again for the same seed (Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn i18_i19_i29_a_mailbox_gives_what_was_put_in_order_once_more_after_a_cut_and_within_its_bounds() {
    let (mut resumed, mut refused, mut overflowed) = (0, 0, 0);
    for seed in 0..400 {
        let mut chance = Chance(seed);
        let bounds = Bounds { frames: 1 + chance.below(8), bytes: 10 + chance.below(90) };
        let (mut mailbox, mut naive) = (Mailbox::<u32>::default(), Naive::default());
        for _ in 0..300 {
            match chance.below(12) {
                0..4 => {
                    let size = 1 + chance.below(30);
                    let number = naive.sizes.len() as u32 + 1;
                    let put = mailbox.put(&bounds, |given| {
                        assert_eq!(given, number, "numbers have no gaps");
                        (given, size)
                    });
                    assert_eq!(put, naive.put(&bounds, size), "{bounds:?} {naive:?}");
                }
                4..9 => assert_eq!(mailbox.take().copied(), naive.take().map(|number| number as u32)),
                9 => {
                    let number = chance.below(naive.sizes.len() + 3);
                    if !naive.overflowed {
                        mailbox.acknowledge(number as u32);
                        naive.acknowledge(number);
                    }
                }
                10 => {
                    let number = (naive.taken + 1).saturating_sub(chance.below(8));
                    let can = mailbox.resume(number as u32);
                    assert_eq!(can, naive.resume(number), "{number} {naive:?}");
                    *(if can { &mut resumed } else { &mut refused }) += 1;
                }
                _ if naive.overflowed => {
                    overflowed += 1;
                    (mailbox, naive) = (Mailbox::default(), Naive::default());
                }
                _ => {}
            }
            if !naive.overflowed {
                assert_eq!(mailbox.taken() as usize, naive.taken);
                assert_eq!(mailbox.is_drained(), naive.taken == naive.sizes.len());
            } else {
                assert!(mailbox.is_drained() && mailbox.take().is_none(), "it holds nothing");
            }
        }
    }
    assert!(resumed > 1_000 && refused > 1_000 && overflowed > 500, "{resumed} {refused} {overflowed}");
}

#[test]
fn i31_what_was_written_is_forgotten_before_what_waits_is_refused() {
    let bounds = Bounds { frames: 3, bytes: 100 };
    let mut mailbox = Mailbox::<u32>::default();
    let put = |mailbox: &mut Mailbox<u32>, size| mailbox.put(&bounds, |number| (number, size));
    for _ in 0..3 {
        put(&mut mailbox, 10).expect("there is room");
        mailbox.take();
    }
    for _ in 0..3 {
        put(&mut mailbox, 10).expect("those that were written make room");
    }
    assert!(!mailbox.resume(2), "it is not there any more");
    assert!(mailbox.resume(3));
    assert_eq!(mailbox.take(), Some(&4));
    assert_eq!(put(&mut mailbox, 10), Ok(()));
    assert_eq!(put(&mut mailbox, 10), Err(Overflow), "what waits alone is too much");
    assert_eq!(put(&mut mailbox, 1), Err(Overflow), "until it begins anew");
    assert!(!mailbox.resume(mailbox.taken()) && !mailbox.resume(0));
}

#[test]
fn a_frame_that_is_larger_than_the_mailbox_overflows_it() {
    let bounds = Bounds { frames: 3, bytes: 100 };
    let mut mailbox = Mailbox::<u32>::default();
    assert_eq!(mailbox.put(&bounds, |number| (number, 100)), Ok(()));
    mailbox.take();
    assert_eq!(mailbox.put(&bounds, |number| (number, 101)), Err(Overflow));
}

#[test]
fn a_number_that_was_never_given_resumes_nothing() {
    let bounds = Bounds { frames: 3, bytes: 100 };
    let mut mailbox = Mailbox::<u32>::default();
    assert!(mailbox.resume(0), "nothing was missed");
    mailbox.put(&bounds, |number| (number, 1)).expect("there is room");
    assert!(!mailbox.resume(1), "it was not written");
    mailbox.take();
    assert!(!mailbox.resume(2) && !mailbox.resume(u32::MAX));
    mailbox.acknowledge(u32::MAX);
    assert!(!mailbox.resume(0), "the device has had it");
    assert!(mailbox.resume(1));
    assert_eq!(mailbox.take(), None);
}
