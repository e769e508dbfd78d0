//! Text in pieces, beside a model that sees all bytes at once.

use super::bytes::{Choices, Pieces};
use arbour_primitives::stream::ObjectReceive;
use arbour_transports::{Encoding, OnBadBytes, Text, TextError};
use futures::executor::block_on;

/// Text, and the bytes that are none, in their order.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Bad(Vec<u8>),
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices(data);
    let encodings =
        [Encoding::Utf8, Encoding::Utf8Mark, Encoding::Utf16, Encoding::Utf16Le, Encoding::Utf16Be];
    let encoding = encodings[choices.below(encodings.len())];
    let on_bad = if choices.byte() % 2 == 0 { OnBadBytes::Refuse } else { OnBadBytes::Replace };
    let sizes = [choices.byte(), choices.byte(), choices.byte(), choices.byte()];
    let wire = choices.0;
    let mut text = Text::with_encoding(Pieces::new(wire, sizes), encoding, on_bad);
    let mut received = Vec::new();
    loop {
        match block_on(ObjectReceive::<String>::recv(&mut text)) {
            Ok(Some(text)) => {
                assert!(!text.is_empty(), "an empty text is no end");
                received.push(Piece::Text(text));
            }
            Ok(None) => break,
            Err(TextError::Bad(bad)) => received.push(Piece::Bad(bad.bytes.to_vec())),
            Err(other) => panic!("a stream of bytes in memory broke: {other}"),
        }
    }
    assert_eq!(joined(received), joined(pieces(wire, encoding, on_bad)), "{encoding:?} of {wire:02x?}");
}

/// Without borders between texts, which depend on the pieces.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

fn pieces(wire: &[u8], encoding: Encoding, on_bad: OnBadBytes) -> Vec<Piece> {
    let pieces = match encoding {
        Encoding::Utf8 => utf8(wire),
        Encoding::Utf8Mark => utf8(wire.strip_prefix(b"\xef\xbb\xbf").unwrap_or(wire)),
        Encoding::Utf16Le => utf16(wire, u16::from_le_bytes),
        Encoding::Utf16 => match wire.strip_prefix(b"\xff\xfe") {
            Some(wire) => utf16(wire, u16::from_le_bytes),
            None => utf16(wire.strip_prefix(b"\xfe\xff").unwrap_or(wire), u16::from_be_bytes),
        },
        _ => utf16(wire, u16::from_be_bytes),
    };
    let is_utf8 = matches!(encoding, Encoding::Utf8 | Encoding::Utf8Mark);
    let replaced = |piece| match piece {
        Piece::Bad(bad) if on_bad == OnBadBytes::Replace => {
            let count = if is_utf8 { bad.len() } else { bad.len().div_ceil(2) };
            Piece::Text("\u{fffd}".repeat(count))
        }
        piece => piece,
    };
    pieces.into_iter().map(replaced).collect()
}

fn utf8(wire: &[u8]) -> Vec<Piece> {
    let chunks = wire.utf8_chunks().flat_map(|chunk| {
        let text = Some(chunk.valid()).filter(|text| !text.is_empty());
        let bad = Some(chunk.invalid()).filter(|bad| !bad.is_empty());
        [text.map(|text| Piece::Text(text.to_owned())), bad.map(|bad| Piece::Bad(bad.to_vec()))]
    });
    chunks.flatten().collect()
}

fn utf16(wire: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<Piece> {
    let (whole, odd) = wire.split_at(wire.len() / 2 * 2);
    let units: Vec<u16> = whole.chunks(2).map(|pair| unit([pair[0], pair[1]])).collect();
    let (mut pieces, mut at) = (Vec::new(), 0);
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(character) => {
                pieces.push(Piece::Text(character.into()));
                at += 2 * character.len_utf16();
            }
            Err(_) => {
                pieces.push(Piece::Bad(whole[at..at + 2].to_vec()));
                at += 2;
            }
        }
    }
    // The first half of a pair and half a unit are one beginning that is cut off.
    match pieces.last_mut() {
        Some(Piece::Bad(last)) if !odd.is_empty() && is_high(unit([last[0], last[1]])) => {
            last.extend_from_slice(odd);
        }
        _ if !odd.is_empty() => pieces.push(Piece::Bad(odd.to_vec())),
        _ => {}
    }
    pieces
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}
