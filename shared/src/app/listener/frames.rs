//! What a peer of HTTP/2 has begun to say and not ended (RFC 9113 §4): h2 tells of a request when its head is whole, and nothing
//! else is read of a connection until then.

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// So many bytes of it begin no request of HTTP/1.
pub(super) const DECISIVE: usize = b"PRI ".len();

const HEADER: usize = 9;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x4;

/// Follows the frames of a connection.
pub(super) struct Frames {
    /// Of the preface, or of the frame's payload: so many bytes are still to come.
    missing: usize,
    /// Of the frame's header: as much as has come.
    header: [u8; HEADER],
    come: usize,
    /// A frame's payload is coming whose time nobody else keeps.
    inside: bool,
    /// Headers are coming: they go on in the next frame.
    unended: bool,
}

/// What of it is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// Nothing, or what came of a body: bodies have a time of their own.
    Nothing,
    /// The same as before.
    Same,
    /// Something that began just now.
    New,
}

impl Frames {
    /// From so many bytes of the preface on.
    pub(super) fn behind(come: usize) -> Self {
        Self {
            missing: PREFACE.len().saturating_sub(come),
            header: [0; HEADER],
            come: 0,
            inside: false,
            unended: false,
        }
    }

    /// These have come.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Begun {
        let mut ended = !self.is_within();
        while !bytes.is_empty() {
            if self.missing > 0 {
                let taken = self.missing.min(bytes.len());
                self.missing -= taken;
                bytes = &bytes[taken..];
            } else {
                let taken = (HEADER - self.come).min(bytes.len());
                self.header[self.come..][..taken].copy_from_slice(&bytes[..taken]);
                self.come += taken;
                bytes = &bytes[taken..];
                if self.come == HEADER {
                    self.begins();
                }
            }
            self.inside &= self.missing > 0;
            ended |= !self.is_within();
        }
        match (self.is_within(), ended) {
            (false, _) => Begun::Nothing,
            (true, false) => Begun::Same,
            (true, true) => Begun::New,
        }
    }

    /// A frame, whose header is there.
    fn begins(&mut self) {
        let [long, middle, short, kind, flags, ..] = self.header;
        self.missing = usize::from(long) << 16 | usize::from(middle) << 8 | usize::from(short);
        self.come = 0;
        self.inside = kind != DATA;
        if matches!(kind, HEADERS | CONTINUATION) {
            self.unended = flags & END_HEADERS == 0;
        }
    }

    fn is_within(&self) -> bool {
        self.come > 0 || self.inside || self.unended
    }
}

#[cfg(test)]
mod tests {
    use super::{Begun::*, *};

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.resize(HEADER + usize::from(length), b'x');
        frame
    }

    fn begun() -> Frames {
        let mut frames = Frames::behind(3);
        assert_eq!(frames.read(&PREFACE[3..]), Nothing);
        frames
    }

    #[test]
    fn whole_frames_are_nothing_begun_however_they_come() {
        const SETTINGS: u8 = 0x4;
        let all = [
            frame(SETTINGS, 0, 12),
            frame(HEADERS, END_HEADERS, 30),
            frame(DATA, 0, 200),
            frame(HEADERS, 0, 10),
            frame(CONTINUATION, 0, 0),
            frame(CONTINUATION, END_HEADERS, 3),
            frame(SETTINGS, 1, 0),
        ]
        .concat();
        for piece in 1..all.len() {
            let mut frames = begun();
            let last = all.chunks(piece).map(|bytes| frames.read(bytes)).last();
            assert_eq!(last, Some(Nothing), "in pieces of {piece}");
        }
    }

    #[test]
    fn headers_are_begun_until_the_frame_that_ends_them_is_whole() {
        let mut frames = begun();
        assert_eq!(frames.read(&frame(HEADERS, 0, 5)), New);
        for _ in 0..3 {
            assert_eq!(frames.read(&frame(CONTINUATION, 0, 5)), Same);
        }
        let last = frame(CONTINUATION, END_HEADERS, 5);
        for byte in &last[..last.len() - 1] {
            assert_eq!(frames.read(&[*byte]), Same);
        }
        assert_eq!(frames.read(b"x"), Nothing);
    }

    #[test]
    fn a_frame_that_drips_is_begun_once_unless_it_is_a_bodys() {
        let mut frames = begun();
        let whole = frame(HEADERS, END_HEADERS, 5);
        assert_eq!(frames.read(&whole[..1]), New);
        assert_eq!(frames.read(&whole[1..11]), Same);
        // It ends, and another begins.
        assert_eq!(frames.read(&[&whole[11..], &whole[..3]].concat()), New);
        assert_eq!(frames.read(&whole[3..]), Nothing);
        assert_eq!(frames.read(&frame(DATA, 0, 5)[..11]), Nothing);
    }
}
