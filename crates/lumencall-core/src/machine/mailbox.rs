//! The frames on their way to one device, over all its sockets.

use std::collections::VecDeque;

/// How much a mailbox holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// How many frames.
    pub frames: usize,
    /// How many bytes of frames.
    pub bytes: usize,
}

/// More was put into a mailbox than it holds, while nothing was taken out: what it held is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// The one place for the order of a device's frames, for their numbers, and for what is sent again after a cut.
///
/// A frame that is put in gets the next number, waits until it is taken out to be written, and is kept until the device is
/// known to have it, or until there is no more room. Numbers go from 1, without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mailbox<F> {
    /// With their sizes in bytes, oldest first; the last has the highest number.
    frames: VecDeque<(F, usize)>,
    bytes: usize,
    /// How many frames there were, so that this is the number of the last.
    put: u32,
    /// The number of the last frame that was taken out.
    taken: u32,
    /// Whether frames are lost, so that no number is worth anything.
    overflowed: bool,
}

impl<F> Default for Mailbox<F> {
    fn default() -> Self {
        Self { frames: VecDeque::new(), bytes: 0, put: 0, taken: 0, overflowed: false }
    }
}

impl<F> Mailbox<F> {
    /// Puts in the frame that `write` makes of its number; it also says how many bytes the frame has. Where there is no room
    /// for it, frames that were taken out are forgotten, oldest first.
    ///
    /// # Errors
    /// There is no room for what waits; or the numbers are used up. The mailbox is of no use until it begins anew.
    pub fn put(&mut self, bounds: &Bounds, write: impl FnOnce(u32) -> (F, usize)) -> Result<(), Overflow> {
        let Some(number) = self.put.checked_add(1).filter(|_| !self.overflowed) else {
            self.overflow();
            return Err(Overflow);
        };
        let (frame, size) = write(number);
        self.put = number;
        self.bytes += size;
        self.frames.push_back((frame, size));
        while self.frames.len() > bounds.frames || self.bytes > bounds.bytes {
            if self.forgotten() == self.taken {
                self.overflow();
                return Err(Overflow);
            }
            self.forget_first();
        }
        Ok(())
    }

    /// Takes out the next frame that is to be written. It is kept.
    pub fn take(&mut self) -> Option<&F> {
        let index = self.taken - self.forgotten();
        let (frame, _) = self.frames.get(index as usize)?;
        self.taken += 1;
        Some(frame)
    }

    /// Whether no frame waits to be taken out.
    pub fn is_drained(&self) -> bool {
        self.taken == self.put
    }

    /// The number of the last frame that was taken out.
    pub const fn taken(&self) -> u32 {
        self.taken
    }

    /// The device has every frame up to this number: they are kept no longer.
    pub fn acknowledge(&mut self, number: u32) {
        while self.forgotten() < number.min(self.taken) {
            self.forget_first();
        }
    }

    /// The device is back and has every frame up to this number: those after it are taken out again. False where they are not
    /// there any more, or were never put in; nothing changes then.
    pub fn resume(&mut self, number: u32) -> bool {
        if self.overflowed || number > self.taken || number < self.forgotten() {
            return false;
        }
        self.acknowledge(number);
        self.taken = number;
        true
    }

    /// The number of the last frame that is not kept any more.
    fn forgotten(&self) -> u32 {
        // Every frame that is kept has a number.
        self.put - self.frames.len() as u32
    }

    fn forget_first(&mut self) {
        if let Some((_, size)) = self.frames.pop_front() {
            self.bytes -= size;
        }
    }

    fn overflow(&mut self) {
        *self = Self { overflowed: true, put: self.put, taken: self.put, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Mailbox, Overflow};

    /// Four billion frames are too many for a test.
    #[test]
    fn i18_when_the_numbers_are_used_up_the_mailbox_begins_anew_rather_than_give_one_twice() {
        let bounds = Bounds { frames: 4, bytes: 100 };
        let mut mailbox = Mailbox { put: u32::MAX - 1, taken: u32::MAX - 1, ..Mailbox::<u32>::default() };
        assert_eq!(mailbox.put(&bounds, |number| (number, 1)), Ok(()));
        assert_eq!(mailbox.take(), Some(&u32::MAX));
        assert!(mailbox.resume(u32::MAX - 1));
        assert_eq!(mailbox.put(&bounds, |_| panic!("there is no number left")), Err(Overflow));
        assert!(!mailbox.resume(u32::MAX) && mailbox.take().is_none());
    }
}
