//! The law of planted faults: each has a twin that must fail, and each twin a fault.

use super::repository::Repository;
use crate::loom::List;

/// A fault without a twin is never seen to be found; a twin without a fault cannot fail.
pub(crate) fn every_fault_has_a_twin(repository: &Repository) -> Vec<String> {
    let planted = planted_faults(repository);
    let twins = listed_faults(repository);
    let unseen = planted.iter().filter(|(fault, _)| !twins.iter().any(|(twin, _)| twin == fault));
    let unseen =
        unseen.map(|(fault, path)| format!("{path}: no twin of primitives/models has fault `{fault}`"));
    let empty = twins.iter().filter(|(twin, _)| !planted.iter().any(|(fault, _)| fault == twin));
    let empty = empty.map(|(twin, path)| format!("{path}: no line of primitives/src plants `{twin}`"));
    unseen.chain(empty).collect()
}

fn planted_faults(repository: &Repository) -> Vec<(String, &str)> {
    let planted = repository.rust_below("primitives/src/").flat_map(|file| {
        let calls = file.text.split("fault(\"").skip(1);
        calls.filter_map(|call| Some((call.split_once('"')?.0.to_owned(), file.path.as_str())))
    });
    planted.collect()
}

fn listed_faults(repository: &Repository) -> Vec<(String, &str)> {
    let lists = repository.files().filter(|file| file.path.starts_with("primitives/models/"));
    let twins = lists.flat_map(|file| {
        let mut list = List::default();
        // A list that cannot be read is the business of the command that runs it.
        let _ = list.add(&file.text);
        list.twins.into_iter().map(|twin| (twin.fault, file.path.as_str()))
    });
    twins.collect()
}
