//! Pure: looking for a delimiter in what arrives piece by piece, each byte once.

/// How far a delimiter has been looked for.
#[derive(Debug, Default)]
pub(super) struct Search {
    delimiter: Vec<u8>,
    /// No delimiter begins before here.
    searched: usize,
}

/// What a look at the buffer shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It begins here.
    At(usize),
    /// It may be in what is still to come.
    NotYet,
    /// It is not there within the limit, whatever comes.
    TooFar,
}

impl Search {
    /// Looks for a delimiter that begins at `max` at the latest. The same one as last time is looked for
    /// only in what is new since.
    pub(super) fn look(&mut self, buffer: &[u8], delimiter: &[u8], max: usize) -> Seen {
        if self.delimiter != delimiter {
            *self = Self { delimiter: delimiter.to_vec(), searched: 0 };
        }
        let unseen = buffer.get(self.searched..).unwrap_or_default();
        match position(unseen, delimiter).map(|at| self.searched + at) {
            Some(at) if at <= max => return Seen::At(at),
            Some(_) => return Seen::TooFar,
            None => self.searched = self.searched.max((buffer.len() + 1).saturating_sub(delimiter.len())),
        }
        if self.searched > max { Seen::TooFar } else { Seen::NotYet }
    }

    /// Bytes were taken from the front of the buffer, or put there.
    pub(super) fn forget(&mut self) {
        self.searched = 0;
    }
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [byte] => memchr::memchr(*byte, haystack),
        _ => memchr::memmem::find(haystack, needle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_that_comes_in_two_pieces_is_found_at_its_beginning() {
        let mut search = Search::default();
        assert_eq!(search.look(b"abc\r", b"\r\n", 10), Seen::NotYet);
        assert_eq!(search.look(b"abc\r\nd", b"\r\n", 10), Seen::At(3));
    }

    #[test]
    fn what_was_searched_is_not_searched_again_unless_the_delimiter_is_another() {
        let mut search = Search::default();
        assert_eq!(search.look(b"abcd", b"x", 10), Seen::NotYet);
        assert_eq!(search.look(b"xxxxe", b"x", 10), Seen::NotYet, "the first four were seen");
        assert_eq!(search.look(b"xxxxe", b"e", 10), Seen::At(4));
        assert_eq!(search.look(b"xxxxe", b"x", 10), Seen::At(0));
    }

    #[test]
    fn the_limit_counts_the_bytes_before_the_delimiter() {
        for (buffer, seen) in [
            (&b"abc\n"[..], Seen::At(3)),
            (b"abc", Seen::NotYet),
            (b"abcd", Seen::TooFar),
            (b"abcd\n", Seen::TooFar),
            (b"abc\n\n", Seen::At(3)),
        ] {
            assert_eq!(Search::default().look(buffer, b"\n", 3), seen, "{buffer:?}");
        }
        assert_eq!(Search::default().look(b"abc\r", b"\r\n", 3), Seen::NotYet);
        assert_eq!(Search::default().look(b"abc\r\r", b"\r\n", 3), Seen::TooFar);
    }
}
