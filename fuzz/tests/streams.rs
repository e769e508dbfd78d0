//! The corpora of the streams, replayed on stable Rust, and bytes that nobody chose.

use arbour_fuzz::streams::{TARGETS, UPGRADE};
use arbour_fuzz::supervision::random;
use std::fs;
use std::path::PathBuf;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn everything_in_the_corpora_is_as_the_models_say() {
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(corpus.len() >= 8, "the corpus `{name}` is nearly empty");
        for data in corpus {
            // Each beginning is a case as well.
            (0..=data.len()).for_each(|end| target(&data[..end]));
        }
    }
}

#[test]
fn random_bytes_are_as_the_models_say() {
    for (_, target) in TARGETS {
        (0..4_000).map(random).for_each(|data| target(&data));
    }
}

#[test]
fn upgrades_and_unwraps_lose_nothing() {
    let corpus = corpus("upgrade");
    assert!(corpus.len() >= 8, "the corpus is nearly empty");
    corpus.into_iter().chain((0..300).map(random)).for_each(|data| UPGRADE(&data));
}

/// Small numbers are frames, delimiters and characters more often than any bytes are.
#[test]
fn random_bytes_of_few_kinds_are_as_the_models_say() {
    const KINDS: [u8; 16] = [0, 0, 0, 1, 2, 3, 4, b'\n', b'\r', b'a', 0xc3, 0xa4, 0xe2, 0xd8, 0xdc, 0xff];
    for (_, target) in TARGETS {
        for seed in 0..4_000 {
            let data: Vec<u8> = random(seed).iter().map(|byte| KINDS[usize::from(*byte % 16)]).collect();
            target(&data);
        }
    }
}
