//! Memory does not grow with the input.
#![cfg(target_os = "linux")]

use super::program::Running;

/// How much more a long run may take than a short one, in KiB: what allocators keep, and no input.
const SLACK: u64 = 8 * 1024;

const MEGABYTE: usize = 1_000_000;

/// Feeds `piece` until so many bytes have gone in, and gives the peak when all of it has been read.
async fn peak(arguments: &[&str], piece: &[u8], bytes: usize) -> u64 {
    let mut running = Running::start(&[&["--input=-", "--rejects=/dev/null"], arguments].concat());
    running.feed(b"carrier,dep_delay,note\n").await;
    for _ in 0..bytes.div_ceil(piece.len()) {
        running.feed(piece).await;
    }
    // More than a pipe and the chunks that are read ahead hold: when it has gone in, what came before was taken.
    running.feed(&b"UA,1,x\n".repeat(100_000)).await;
    let peak = running.peak_memory();
    let ended = running.end().await;
    assert_eq!(ended.code, Some(0), "{:?}", ended.stderr);
    peak
}

async fn assert_flat(arguments: &[&str], piece: &[u8], bytes: usize) {
    let short = peak(arguments, piece, MEGABYTE).await;
    let long = peak(arguments, piece, bytes).await;
    assert!(long <= short + SLACK, "{long} KiB after {bytes} bytes, {short} KiB after {MEGABYTE}");
}

/// A megabyte of records of a thousand bytes, for a few keys.
fn records() -> Vec<u8> {
    let note = "n".repeat(990);
    let record = |number: usize| format!("{},{},{note}\n", ["UA", "AA", "B6"][number % 3], number % 7);
    (0..MEGABYTE / 1000).map(record).collect::<String>().into_bytes()
}

#[tokio::test]
async fn two_hundred_megabytes_take_no_more_memory_than_one() {
    assert_flat(&["--partitions=2"], &records(), 200 * MEGABYTE).await;
}

#[tokio::test]
async fn neither_do_forty_thousand_crashes() {
    assert_flat(&["--partitions=2", "--crash-every=5"], &records(), 200 * MEGABYTE).await;
}

#[tokio::test]
async fn records_beyond_the_limit_take_no_more_than_the_limit() {
    let record = [&b"UA,1,"[..], &b"n".repeat(3 << 20), b"\n"].concat();
    assert_flat(&[], &record, 100 * MEGABYTE).await;
}

#[tokio::test]
async fn neither_does_a_quoted_field_that_is_never_closed() {
    let mut running = Running::start(&["--input=-", "--format=json"]);
    running.feed(b"carrier,dep_delay\nUA,\"").await;
    for _ in 0..100 {
        running.feed(&b"not a quote\n".repeat(MEGABYTE / 12)).await;
    }
    let peak = running.peak_memory();
    let ended = running.end().await;
    assert_eq!(ended.stderr, ["line 2: longer than 1048576 bytes"]);
    assert!(ended.stdout.starts_with("{\"records\":0,\"rejected\":1,"), "{ended:?}");
    assert!(peak < 32 * 1024, "{peak} KiB");
}
