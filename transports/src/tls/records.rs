//! Pure: what comes in, cut where records of TLS end, so that TLS never takes a byte that is not its own.
//!
//! Whatever the peer sends behind its goodbye is plain again, and belongs to whoever goes on with the
//! stream. TLS itself takes what it is given, and gives nothing back; so it is given each record alone.

/// The length of a record's head: its kind, the version, and the length of its body.
const HEAD: usize = 5;

/// Where in a record the next byte stands.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The head of the record that has begun, as far as it is here.
    head: [u8; HEAD],
    seen: usize,
    /// How much of its body is to come.
    body: usize,
    /// The first bytes of all, which tell what a peer speaks that does not speak TLS.
    first: First,
}

/// The first bytes that ever came in.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct First {
    bytes: [u8; HEAD],
    len: usize,
}

impl First {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn is_whole(&self) -> bool {
        self.len == HEAD
    }

    #[cold]
    #[inline(never)]
    fn note(&mut self, bytes: &[u8]) {
        let more = bytes.len().min(HEAD - self.len);
        self.bytes[self.len..self.len + more].copy_from_slice(&bytes[..more]);
        self.len += more;
    }
}

impl Records {
    /// How many of these bytes, from the front, belong to the record that is due. They count as taken.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        if !self.first.is_whole() {
            self.first.note(bytes);
        }
        let head = if self.body > 0 { 0 } else { self.take_head(bytes) };
        let body = self.body.min(bytes.len() - head);
        self.body -= body;
        head + body
    }

    fn take_head(&mut self, bytes: &[u8]) -> usize {
        match bytes.first_chunk() {
            Some(head) if self.seen == 0 => {
                self.body = length_of_body(head);
                HEAD
            }
            _ => self.take_part_of_head(bytes),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_part_of_head(&mut self, bytes: &[u8]) -> usize {
        let more = bytes.len().min(HEAD - self.seen);
        self.head[self.seen..self.seen + more].copy_from_slice(&bytes[..more]);
        self.seen += more;
        if self.seen == HEAD {
            self.seen = 0;
            self.body = length_of_body(&self.head);
        }
        more
    }

    pub(super) fn first(&self) -> First {
        self.first
    }
}

fn length_of_body(head: &[u8; HEAD]) -> usize {
    usize::from(u16::from_be_bytes([head[3], head[4]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handshake record with this many bytes, then the next.
    fn stream(lengths: &[u16]) -> Vec<u8> {
        let record = |len: &u16| [&[22, 3, 3][..], &len.to_be_bytes(), &vec![7; usize::from(*len)]].concat();
        lengths.iter().flat_map(record).collect()
    }

    fn taken(records: &mut Records, mut bytes: &[u8]) -> Vec<usize> {
        let mut cuts = Vec::new();
        while !bytes.is_empty() {
            let taken = records.take(bytes);
            assert!(taken > 0, "nothing is taken of {} bytes", bytes.len());
            cuts.push(taken);
            bytes = &bytes[taken..];
        }
        cuts
    }

    #[test]
    fn records_that_come_together_are_taken_one_by_one() {
        let lengths = [3, 0, 16_384, 1];
        let cuts = taken(&mut Records::default(), &stream(&lengths));
        assert_eq!(cuts, lengths.map(|len| HEAD + usize::from(len)));
    }

    #[test]
    fn however_they_come_no_taking_goes_beyond_the_end_of_a_record() {
        let (lengths, bytes) = ([2_u16, 0, 300, 5], stream(&[2, 0, 300, 5]));
        let mut ends = Vec::new();
        lengths.iter().fold(0, |at, len| {
            ends.push(at + HEAD + usize::from(*len));
            at + HEAD + usize::from(*len)
        });
        for chunk in 1..40 {
            let (mut records, mut at) = (Records::default(), 0);
            for piece in bytes.chunks(chunk) {
                for taken in taken(&mut records, piece) {
                    let end = ends.iter().find(|end| **end > at).unwrap();
                    assert!(at + taken <= *end, "in chunks of {chunk}: {at} + {taken} goes beyond {end}");
                    at += taken;
                }
            }
            assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn the_first_bytes_are_kept_however_they_come() {
        let mut records = Records::default();
        for byte in b"GET / HTTP/1.1" {
            records.take(&[*byte]);
        }
        assert_eq!(records.first().bytes(), b"GET /");
    }
}
