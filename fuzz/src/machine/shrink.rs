//! From a life that is of interest, for its disagreement or another reason, to a short one.

use super::draw::RECORD;

/// The records before the first event.
const HEAD: usize = 5;

/// A life that is still of interest, with fewer events and plainer choices.
#[must_use]
pub fn shrink(data: &[u8], is_of_interest: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut data = data.to_vec();
    loop {
        let before = data.clone();
        without_runs_of_events(&mut data, &is_of_interest);
        with_plainer_records(&mut data, &is_of_interest);
        if data == before {
            return data;
        }
    }
}

/// Leaves out runs of events, long ones first.
fn without_runs_of_events(data: &mut Vec<u8>, is_of_interest: impl Fn(&[u8]) -> bool) {
    let mut length = data.len() / RECORD;
    while length > 0 {
        let mut from = HEAD;
        while from * RECORD < data.len() {
            let (start, end) = (from * RECORD, data.len().min((from + length) * RECORD));
            let shorter = [&data[..start], &data[end..]].concat();
            if is_of_interest(&shorter) {
                *data = shorter;
            } else {
                from += length;
            }
        }
        length /= 2;
    }
}

/// Sets bytes to zero, from the last of each record, which decides least, to the first.
fn with_plainer_records(data: &mut [u8], is_of_interest: impl Fn(&[u8]) -> bool) {
    for at in (0..data.len()).rev() {
        let before = std::mem::take(&mut data[at]);
        if before != 0 && !is_of_interest(data) {
            data[at] = before;
        }
    }
}
