//! Inputs with little in them, and the shipped one.

use std::collections::BTreeMap;

use super::expected::Object;
use super::program::run;
use super::records::Meaning;

const NOTHING: &str = "{\"records\":0,\"rejected\":0,\"restarts\":0,\"interrupted\":false,\"keys\":{}}\n";

#[tokio::test]
async fn a_header_alone_gives_zero_records() {
    for input in [
        &b"carrier,dep_delay\n"[..],
        b"carrier,dep_delay",
        b"\xEF\xBB\xBFcarrier,dep_delay\r\n",
        b"\n\n\"carrier\",\"dep_delay\"\r\n\r\n",
    ] {
        let ended = run(&["--input=-", "--format=json", "--crash-every=1"], input).await;
        assert_eq!((ended.code, &*ended.stdout, ended.stderr.len()), (Some(0), NOTHING, 0));
    }
}

#[tokio::test]
async fn rejects_go_to_standard_error_unless_told_otherwise() {
    let input = b"carrier,dep_delay\nUA,1\nUA\n\"b\n\",x\r\nUA,2,3\n\"";
    let ended = run(&["--input=-", "--format=json"], input).await;
    let expected = [
        "line 3: expected 2 fields, found 1",
        "line 4: value \"x\" is not a number",
        "line 6: expected 2 fields, found 3",
        "line 7: a quoted field is not closed before the end of the input",
    ];
    assert_eq!(ended.stderr, expected);
    assert!(ended.stdout.starts_with("{\"records\":1,\"rejected\":4,"), "{ended:?}");
    assert_eq!(ended.code, Some(0));
}

#[tokio::test]
async fn a_record_of_one_mebibyte_counts_and_one_byte_more_does_not() {
    let record = |length: usize| ["1,".to_owned(), "k".repeat(length - 2), "\n".to_owned()].concat();
    let input = ["dep_delay,carrier\n".to_owned(), record(1 << 20), record((1 << 20) + 1)].concat();
    let ended = run(&["--input=-", "--format=json"], input.as_bytes()).await;
    assert_eq!(ended.stderr, ["line 3: longer than 1048576 bytes"]);
    assert!(ended.stdout.starts_with("{\"records\":1,\"rejected\":1,"), "{}", ended.stdout.len());
}

/// Every column of the shipped data, read by the `csv` crate.
fn shipped() -> Vec<BTreeMap<String, String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/flights_2013_01.csv");
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

#[tokio::test]
async fn the_shipped_data_gives_what_the_csv_crate_reads() {
    let records = shipped();
    for (key, value) in [("carrier", "dep_delay"), ("origin", "distance"), ("tailnum", "arr_delay")] {
        let meaning = |record: &BTreeMap<String, String>| -> Meaning {
            let value = &record[value];
            Ok((record[key].clone(), (value != "NA").then(|| value.parse().unwrap())))
        };
        let meanings: Vec<Meaning> = records.iter().map(meaning).collect();
        let arguments =
            ["--format=json", "--partitions=3", "--crash-every=20", "--key", key, "--value", value];
        let ended = run(&arguments, b"").await;
        assert_eq!(ended.stdout, Object::of(&meanings, 3, 20).json());
        assert_eq!((ended.code, ended.stderr.len()), (Some(0), 0));
    }
}

#[tokio::test]
async fn an_input_that_breaks_off_is_told_and_has_no_totals() {
    // The first page of every process is unmapped: opening its memory works, reading it does not.
    let ended = run(&["--input", "/proc/self/mem"], b"").await;
    assert_eq!((ended.code, &*ended.stdout, ended.stderr.len()), (Some(1), "", 1), "{ended:?}");
    assert!(ended.stderr[0].contains("cannot be read any further"), "{ended:?}");
}
