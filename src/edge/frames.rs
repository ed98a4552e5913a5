//! HTTP/2 frames that ask for nothing, counted: SETTINGS and PING want an answer each, WINDOW_UPDATE makes room for
//! what nobody sends, and a client may send them as fast as it can without ever sending a request.

/// RFC 9113 section 3.4: what a client sends first, before any frame.
const PREFACE: usize = 24;

/// RFC 9113 section 4.1: length, type, flags, stream.
const HEADER: usize = 9;

/// RFC 9113 section 6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// Frames that may ask for nothing. A stream of events that is kept open with a PING every ten seconds reaches
/// it after 27 hours; a flood of nine bytes each after 90 KB.
pub const IDLE_FRAMES: u32 = 10_000;

/// How many of them each head, and each body frame that carries something, makes good.
const MADE_GOOD: u32 = 10;

/// Bytes of ours for which a client may make room once: it answers a DATA frame, ten bytes at least, with one
/// WINDOW_UPDATE for its stream and one for the connection.
const MAKES_ROOM: usize = 5;

/// Up to how many WINDOW_UPDATE may come later than what they make room for.
const OWED: usize = 10_000;

/// How far a client's side of one connection was read.
#[derive(Debug)]
pub struct Frames {
    /// Bytes that belong to no frame's header: of the preface, then of payloads.
    skip: usize,
    header: [u8; HEADER],
    /// How much of `header` is there.
    filled: usize,
    idle: u32,
    /// Bytes of ours for which the client did not make room yet.
    sent: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { skip: PREFACE, header: [0; HEADER], filled: 0, idle: 0, sent: 0 }
    }
}

impl Frames {
    /// Reads on. Whether the client may go on: fewer than [`IDLE_FRAMES`] frames that ask for nothing are
    /// left after what its heads and bodies made good. Frames that end a stream, or make room for what was sent, count
    /// neither way.
    #[must_use]
    pub fn allows(&mut self, mut bytes: &[u8]) -> bool {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            let Some((first, rest)) = bytes.get(skipped..).and_then(<[u8]>::split_first) else { break };
            bytes = rest;
            if let Some(slot) = self.header.get_mut(self.filled) {
                *slot = *first;
            }
            self.filled += 1;
            if self.filled == HEADER {
                self.filled = 0;
                self.count();
            }
        }
        self.idle < IDLE_FRAMES
    }

    /// Notes how many bytes the client was sent.
    pub fn sent(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes).min(MAKES_ROOM * OWED);
    }

    fn count(&mut self) {
        let [high, middle, low, kind, ..] = self.header;
        let length = u32::from_be_bytes([0, high, middle, low]);
        self.skip = length as usize;
        match (kind, length) {
            (HEADERS, _) | (DATA, 1..) => self.idle = self.idle.saturating_sub(MADE_GOOD),
            (RST_STREAM | CONTINUATION, _) => {}
            (WINDOW_UPDATE, _) if self.sent >= MAKES_ROOM => self.sent -= MAKES_ROOM,
            _ => self.idle = self.idle.saturating_add(1),
        }
    }
}

#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, 0, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    }

    const PING: u8 = 6;
    const SETTINGS: u8 = 4;

    /// How many frames of a kind are allowed in a row, each cut into pieces of that size.
    fn in_a_row(frames: &mut Frames, kind: u8, payload: &[u8], piece: usize) -> u32 {
        for count in 0..2 * IDLE_FRAMES {
            if !frame(kind, payload).chunks(piece).all(|bytes| frames.allows(bytes)) {
                return count + 1;
            }
        }
        2 * IDLE_FRAMES
    }

    fn begun() -> Frames {
        let mut frames = Frames::default();
        assert!(frames.allows(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        frames
    }

    #[test]
    fn frames_that_ask_for_nothing_have_an_end_however_they_are_cut() {
        for piece in [1, 2, 8, 9, 10, 64] {
            assert_eq!(in_a_row(&mut begun(), PING, &[9; 8], piece), IDLE_FRAMES, "{piece}");
            assert_eq!(in_a_row(&mut begun(), SETTINGS, b"", piece), IDLE_FRAMES, "{piece}");
        }
        assert_eq!(in_a_row(&mut begun(), DATA, b"", 9), IDLE_FRAMES);
        assert_eq!(in_a_row(&mut begun(), 0xaa, b"unknown", 9), IDLE_FRAMES);
    }

    #[test]
    fn heads_bodies_and_resets_are_no_flood() {
        for (kind, payload) in [(HEADERS, &b"x"[..]), (DATA, b"x"), (RST_STREAM, &[0; 4])] {
            assert_eq!(in_a_row(&mut begun(), kind, payload, 9), 2 * IDLE_FRAMES, "{kind}");
        }
    }

    #[test]
    fn room_is_made_for_what_was_sent_and_no_more() {
        assert_eq!(in_a_row(&mut begun(), WINDOW_UPDATE, &[0; 4], 13), IDLE_FRAMES);
        let (mut frames, room) = (begun(), frame(WINDOW_UPDATE, &[0; 4]));
        for _ in 0..3 * IDLE_FRAMES {
            frames.sent(10);
            assert!(frames.allows(&room) && frames.allows(&room), "two for each DATA frame of one byte");
        }
        frames.sent(5_000);
        frames.sent(5_000);
        assert_eq!(in_a_row(&mut frames, WINDOW_UPDATE, &[0; 4], 13), 2_000 + IDLE_FRAMES);
        frames.sent(usize::MAX);
        assert_eq!(frames.sent, MAKES_ROOM * OWED, "a download does not pay for a flood after it");
    }

    #[test]
    fn a_head_makes_ten_of_them_good() {
        let mut frames = begun();
        for _ in 1..IDLE_FRAMES {
            assert!(frames.allows(&frame(PING, &[0; 8])));
        }
        assert!(frames.allows(&frame(HEADERS, b"x")));
        assert_eq!(in_a_row(&mut frames, PING, &[0; 8], 17), 11);
    }

    #[test]
    fn what_a_frame_carries_is_not_read_as_frames() {
        let mut frames = begun();
        let inside: Vec<u8> = (0..20_000).flat_map(|_| frame(PING, b"")).collect();
        assert!(frames.allows(&frame(DATA, &inside)));
        assert_eq!(in_a_row(&mut frames, PING, &[0; 8], 17), IDLE_FRAMES);
    }
}
