//! Looks for the faults of our peers that `COMPARE.md` lists, in the versions that are locked.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use arbour_benches::faults::faults;

fn main() {
    // The programs make actors panic; only what became of that is of interest.
    std::panic::set_hook(Box::new(|_| {}));
    let filter = std::env::args().skip(1).find(|word| !word.starts_with("--")).unwrap_or_default();
    let (mut shown, mut all) = (0, 0);
    for fault in faults().into_iter().filter(|fault| fault.name().contains(&filter)) {
        let report = fault.look();
        println!("{report}");
        shown += usize::from(report.is_shown());
        all += 1;
    }
    println!("{shown} of {all} shown");
}
