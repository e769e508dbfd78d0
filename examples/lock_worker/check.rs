//! `check`: reads everything that was written, and says what is wrong with it.
use std::fmt::Write;
use std::time::Duration;

use arbour::Root;
use arbour::leases::{AnyLeaseStore, Fenced, LeaseName, LeaseStore, StoreError};

use super::failure::Failure;
use super::options::Options;
use super::print;
use super::record::{LAST, key};
use super::verify::{Found, HandOvers, verify};

pub(crate) fn check(options: &Options) -> Result<(), Failure> {
    let outcome = Root::new().run(async {
        let store = options.engine.open(options.lease_ttl).await?;
        let (mut report, mut wrong, mut hand_overs) = (String::new(), 0, HandOvers::default());
        for resource in options.names() {
            let records = records(&store, &resource).await?;
            let _ = writeln!(report, "{resource}: {} records", records.len());
            for found in verify(&resource, &records, options.clocks_differ) {
                let _ = writeln!(report, "{resource}: {found}");
                wrong += 1;
            }
            if options.verbose {
                report.extend(records.iter().flatten().map(|(record, _)| format!("record {record}\n")));
            }
            hand_overs.count(&records);
        }
        print(&format!("{report}{}\n", summary(hand_overs)))?;
        if wrong > 0 { Err(Failure::Wrong(wrong)) } else { Ok(()) }
    });
    outcome.result.map_err(|_| Failure::Cancelled { signal: outcome.signal })?
}

/// All records of a resource, in order, also those behind the one that is said to be the last. What is no record of
/// ours is as good as missing.
async fn records(store: &AnyLeaseStore, resource: &LeaseName) -> Result<Vec<Found>, StoreError> {
    let last = store.read(resource, LAST).await?;
    let last = last.and_then(|last| serde_json::from_slice(&last.value).ok()).unwrap_or(0);
    let mut records = Vec::new();
    for sequence in 1.. {
        let written = store.read(resource, &key(sequence)).await?;
        if written.is_none() && sequence > last {
            break;
        }
        records.push(written.as_ref().and_then(found));
    }
    Ok(records)
}

fn found(written: &Fenced) -> Found {
    Some((serde_json::from_slice(&written.value).ok()?, written.fence.number()))
}

fn summary(hand_overs: HandOvers) -> String {
    let HandOvers { mut gaps, after_a_crash } = hand_overs;
    gaps.sort_unstable();
    let crashes = format!("taken over after a crash: {after_a_crash}");
    let Some(most) = gaps.last() else { return format!("handed over: 0; {crashes}") };
    let (half, most_of_all) = (percentile(&gaps, 50), percentile(&gaps, 99));
    format!("handed over: {} (p50 {half:?}, p99 {most_of_all:?}, at most {most:?}); {crashes}", gaps.len())
}

/// The least of these, which are sorted, that so many of a hundred do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1)]
}
