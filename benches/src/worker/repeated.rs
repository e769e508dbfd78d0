//! A temporary file in which the shipped data stands many times.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

static SHIPPED: &[u8] = include_bytes!("../../../examples/data/flights_2013_01.csv");

/// The file; gone when it is dropped.
#[derive(Debug)]
pub(super) struct Repeated {
    path: PathBuf,
    records: u64,
}

impl Repeated {
    pub(super) fn shipped(times: u64) -> Self {
        let path = env::temp_dir().join(format!("arbour-bench-worker-{}.csv", process::id()));
        let header = 1 + SHIPPED.iter().position(|byte| *byte == b'\n').expect("the data has a header");
        let (header, records) = SHIPPED.split_at(header);
        let mut file = File::create(&path).expect("temporary files can be written");
        file.write_all(header).expect("temporary files can be written");
        for _ in 0..times {
            file.write_all(records).expect("temporary files can be written");
        }
        let each = records.iter().filter(|byte| **byte == b'\n').count() as u64;
        Self { path, records: times * each }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }
}

impl Drop for Repeated {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
