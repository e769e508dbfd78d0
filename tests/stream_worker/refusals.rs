//! What the program refuses: exit code 2, one line on standard error, nothing on standard output.

use super::program::run;
use super::scratch::Scratch;

const HEADER: &[u8] = b"carrier,dep_delay\n";

async fn assert_refused(arguments: &[&str], input: &[u8], because: &str) {
    let ended = run(arguments, input).await;
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{arguments:?}: {ended:?}");
    assert_eq!(ended.stderr.len(), 1, "{arguments:?}: {ended:?}");
    assert!(ended.stderr[0].starts_with("stream_worker: "), "{ended:?}");
    assert!(ended.stderr[0].contains(because), "{arguments:?}: {ended:?}");
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_is_refused() {
    for (arguments, because) in [
        (&["--partitions", "0"][..], "--partitions: \"0\""),
        (&["--partitions=65537"], "--partitions: \"65537\""),
        (&["--partitions=-1"], "--partitions: \"-1\""),
        (&["--mailbox", "many"], "--mailbox: \"many\""),
        (&["--mailbox=99999999999999999999"], "--mailbox: \"99999999999999999999\""),
        (&["--crash-every=0.5"], "--crash-every: \"0.5\""),
        (&["--restart-limit=-1"], "--restart-limit: \"-1\""),
        (&["--format=xml"], "--format: \"xml\""),
        (&["--progress=always"], "--progress: \"always\""),
        (&["--colour"], "--colour"),
        (&["data.csv"], "data.csv"),
        (&["--key"], "--key"),
        (&["-x"], "-x"),
        (&["--key", "two\nlines"], "two\\nlines"),
    ] {
        assert_refused(arguments, HEADER, because).await;
    }
}

#[tokio::test]
async fn an_input_that_cannot_be_opened_is_refused() {
    assert_refused(&["--input", "no/such.csv"], b"", "--input \"no/such.csv\": No such file").await;
    assert_refused(&["--input", "/"], b"", "--input \"/\": ").await;
}

#[tokio::test]
async fn a_column_that_is_not_there_or_there_twice_is_refused() {
    for (arguments, header, because) in [
        (&["--input=-"][..], &b"carrier,delay\nUA,1\n"[..], "--value \"dep_delay\""),
        (&["--input=-", "--key=origin"], HEADER, "--key \"origin\""),
        (&["--input=-", "--key=Carrier"], b"carrier,dep_delay", "--key \"Carrier\""),
        (&["--input=-"], b"carrier,dep_delay,carrier\n", "more than once"),
        (&["--input=-", "--key=", "--crash-every=1"], HEADER, "--key \"\""),
    ] {
        assert_refused(arguments, header, because).await;
    }
    assert_refused(&["--key=origin_airport"], b"", "--key \"origin_airport\"").await;
}

#[tokio::test]
async fn an_input_without_a_readable_header_is_refused() {
    for input in [&b""[..], b"\n\r\n", b"\xEF\xBB\xBF"] {
        assert_refused(&["--input=-"], input, "no header line").await;
    }
    assert_refused(&["--input=-"], b"carrier,dep_delay,\xFF\n", "not UTF-8 at byte 19").await;
    assert_refused(&["--input=-"], b"carrier,\"dep_delay\n", "not closed").await;
    assert_refused(&["--input=-"], &b"x".repeat((1 << 20) + 1), "longer than 1048576 bytes").await;
}

#[tokio::test]
async fn rejects_that_cannot_be_written_are_refused() {
    let input = Scratch::file(HEADER);
    assert_refused(&["--rejects", "no/such/folder.txt"], b"", "--rejects \"no/such/folder.txt\"").await;
    assert_refused(&["--rejects", "/"], b"", "--rejects \"/\"").await;
    let same = ["--input", input.as_str(), "--rejects", input.as_str()];
    assert_refused(&same, b"", "would be overwritten").await;
    assert_eq!(input.read().as_bytes(), HEADER);
}
