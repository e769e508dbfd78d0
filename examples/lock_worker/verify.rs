//! What must be true of the records of a resource, whoever wrote them and whatever happened meanwhile.
use std::time::Duration;

use super::record::{Record, Step};

/// What was found under the key of a record: the record, and the fence under which the store accepted it.
pub(crate) type Found = Option<(Record, u64)>;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("record {sequence} is missing, and later ones are there")]
    Lost { sequence: u64 },
    #[error("record {sequence} says that it is record {says} of `{of}`")]
    Misplaced { sequence: u64, says: u64, of: String },
    #[error("record {sequence} says fence {says}, and was accepted under fence {fence}")]
    OtherFence { sequence: u64, says: u64, fence: u64 },
    #[error(
        "record {sequence} has fence {fence}, after {before} in the record before: an older holder has written"
    )]
    FenceFell { sequence: u64, fence: u64, before: u64 },
    #[error("record {sequence} is by `{worker}` and the one before by `{before}`, both under fence {fence}")]
    Shared { sequence: u64, fence: u64, worker: String, before: String },
    #[error(
        "`{worker}` began record {sequence} {by:?} before `{before}` had ended the one before: both worked at once"
    )]
    Overlap { sequence: u64, worker: String, before: String, by: Duration },
    #[error("record {sequence} says `{step}`, under the same fence as the one before, which says `{before}`")]
    AfterTheEnd { sequence: u64, step: Step, before: Step },
    #[error("record {sequence} says `{step}`, and nobody came under its fence before")]
    BeforeTheBeginning { sequence: u64, step: Step },
}

/// Everything that is wrong with the records 1, 2, … of this resource.
pub(crate) fn verify(resource: &str, records: &[Found], clocks_differ: Duration) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut before: Option<&Record> = None;
    for (sequence, found) in (1..).zip(records) {
        let Some((record, fence)) = found else {
            wrong.push(Wrong::Lost { sequence });
            before = None;
            continue;
        };
        wrong.extend(placed(resource, sequence, record, *fence));
        // After one that is missing, nothing is known of what was before.
        if before.is_some() || sequence == 1 {
            wrong.extend(follows(sequence, record, before, clocks_differ));
        }
        before = Some(record);
    }
    wrong
}

/// Whether a record is where it belongs.
fn placed(resource: &str, sequence: u64, record: &Record, fence: u64) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if record.sequence != sequence || record.resource != resource {
        wrong.push(Wrong::Misplaced { sequence, says: record.sequence, of: record.resource.clone() });
    }
    if record.fence != fence {
        wrong.push(Wrong::OtherFence { sequence, says: record.fence, fence });
    }
    wrong
}

/// Whether a record may come after the one before.
fn follows(sequence: u64, record: &Record, before: Option<&Record>, clocks_differ: Duration) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let same = before.is_some_and(|before| before.fence == record.fence);
    wrong.extend(in_turn(sequence, record.step, before.filter(|_| same).map(|before| before.step)));
    let Some(before) = before else { return wrong };
    let (fence, worker) = (record.fence, record.worker.clone());
    if fence < before.fence {
        wrong.push(Wrong::FenceFell { sequence, fence, before: before.fence });
    }
    if same && record.worker != before.worker {
        let before = before.worker.clone();
        wrong.push(Wrong::Shared { sequence, fence, worker: worker.clone(), before });
    }
    let by = before.ended.since(record.began);
    if by > clocks_differ {
        wrong.push(Wrong::Overlap { sequence, worker, before: before.worker.clone(), by });
    }
    wrong
}

/// Under one fence: came, then any work, then left. `before` is the last under the same.
fn in_turn(sequence: u64, step: Step, before: Option<Step>) -> Option<Wrong> {
    match (before, step) {
        (None, Step::Came) | (Some(Step::Came | Step::Worked), Step::Worked | Step::Left) => None,
        (None, step) => Some(Wrong::BeforeTheBeginning { sequence, step }),
        (Some(before), step) => Some(Wrong::AfterTheEnd { sequence, step, before }),
    }
}

/// What the records of a resource tell of its hand-overs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HandOvers {
    /// From the last record of who left to the first of who came.
    pub(crate) gaps: Vec<Duration>,
    /// How often somebody came after one who vanished.
    pub(crate) after_a_crash: usize,
}

impl HandOvers {
    pub(crate) fn count(&mut self, records: &[Found]) {
        let records: Vec<&Record> = records.iter().flatten().map(|(record, _)| record).collect();
        for pair in records.windows(2) {
            match (pair[0].step, pair[1].step) {
                (Step::Left, Step::Came) => self.gaps.push(pair[1].ended.since(pair[0].ended)),
                (_, Step::Came) => self.after_a_crash += 1,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Stamp;

    /// `oak` under fence 1, then `elm` under fence 5; each record takes from its number to the next, in ms.
    fn good() -> Vec<Found> {
        let steps = [
            ("oak", 1, Step::Came),
            ("oak", 1, Step::Worked),
            ("oak", 1, Step::Left),
            ("elm", 5, Step::Came),
            ("elm", 5, Step::Worked),
        ];
        let record = |(sequence, (worker, fence, step)): (u64, (&str, u64, Step))| {
            let (resource, worker) = ("resource/0".to_owned(), worker.to_owned());
            let (began, ended) = (Stamp(sequence * 1_000), Stamp((sequence + 1) * 1_000));
            Some((Record { resource, sequence, fence, worker, step, began, ended }, fence))
        };
        (1..).zip(steps).map(record).collect()
    }

    fn wrong(change: impl FnOnce(&mut Vec<Found>)) -> Vec<String> {
        let mut records = good();
        change(&mut records);
        verify("resource/0", &records, Duration::ZERO).iter().map(Wrong::to_string).collect()
    }

    fn at(records: &mut [Found], sequence: usize) -> &mut Record {
        &mut records[sequence - 1].as_mut().unwrap().0
    }

    #[test]
    fn records_as_they_should_be_are_right() {
        assert_eq!(wrong(|_| ()), [""; 0]);
    }

    #[test]
    fn a_record_that_is_missing_is_loss_and_nothing_else() {
        assert_eq!(wrong(|records| records[1] = None), ["record 2 is missing, and later ones are there"]);
    }

    #[test]
    fn a_record_of_another_place_is_out_of_order() {
        let expected = ["record 2 says that it is record 3 of `resource/0`"];
        assert_eq!(wrong(|records| at(records, 2).sequence = 3), expected);
        let expected = ["record 2 says that it is record 2 of `resource/1`"];
        assert_eq!(wrong(|records| at(records, 2).resource = "resource/1".to_owned()), expected);
    }

    #[test]
    fn a_record_under_another_fence_than_it_says_is_wrong() {
        let expected = ["record 5 says fence 5, and was accepted under fence 6"];
        assert_eq!(wrong(|records| records[4].as_mut().unwrap().1 = 6), expected);
    }

    #[test]
    fn an_older_fence_after_a_newer_one_is_wrong() {
        let found = wrong(|records| {
            let (old, newer) = (records[1].clone(), records.len() as u64 + 1);
            records.push(old);
            let record = at(records, 6);
            (record.sequence, record.began, record.ended) = (newer, Stamp(6_000), Stamp(7_000));
        });
        assert!(found.iter().any(|wrong| wrong.contains("has fence 1, after 5")), "{found:?}");
    }

    #[test]
    fn two_workers_under_one_fence_are_wrong() {
        let expected = ["record 5 is by `ash` and the one before by `elm`, both under fence 5"];
        assert_eq!(wrong(|records| at(records, 5).worker = "ash".to_owned()), expected);
    }

    #[test]
    fn who_begins_before_another_has_ended_overlaps_unless_their_clocks_differ() {
        let mut records = good();
        at(&mut records, 4).began = Stamp(3_900);
        let found = verify("resource/0", &records, Duration::ZERO);
        let expected =
            "`elm` began record 4 100µs before `oak` had ended the one before: both worked at once";
        assert_eq!(found.iter().map(Wrong::to_string).collect::<Vec<_>>(), [expected]);
        assert_eq!(verify("resource/0", &records, Duration::from_micros(100)), []);
    }

    #[test]
    fn work_before_somebody_came_or_after_they_left_is_out_of_order() {
        let first = wrong(|records| at(records, 1).step = Step::Worked);
        assert_eq!(first, ["record 1 says `worked`, and nobody came under its fence before"]);
        let after = wrong(|records| at(records, 2).step = Step::Left);
        let expected = "record 3 says `left`, under the same fence as the one before, which says `left`";
        assert_eq!(after, [expected]);
    }

    #[test]
    fn hand_overs_are_counted_apart_from_crashes() {
        let (mut all, mut records) = (HandOvers::default(), good());
        all.count(&records);
        at(&mut records, 3).step = Step::Worked;
        all.count(&records);
        assert_eq!(all, HandOvers { gaps: vec![Duration::from_millis(1)], after_a_crash: 1 });
    }
}
