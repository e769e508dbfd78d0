//! Names in tokio-console: built with `--cfg tokio_unstable` and the feature `console` alone.
#![cfg(all(tokio_unstable, feature = "console"))]

use arbour::task_group;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Notes the names that tokio gives to its tasks' spans, which is where the console reads them.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

impl Subscriber for Names {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.name() == "runtime.spawn"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Visit for Names {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "task.name" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

#[test]
fn a_child_is_shown_by_its_name_and_an_unnamed_one_by_its_place() {
    let names = Names::default();
    tracing::subscriber::with_default(names.clone(), || {
        arbour::testing::block_on(async {
            let group = task_group(async |group| {
                group.task().name("reader").spawn_value(async {}).await.unwrap();
                group.spawn_value(async {}).await.unwrap();
            });
            group.await.unwrap();
        });
    });
    // What `block_on` runs is a task too, and has no name.
    let names: Vec<_> = names.0.lock().unwrap().iter().filter(|name| !name.is_empty()).cloned().collect();
    let unnamed = format!("task spawned at {}:", file!());
    assert!(
        matches!(&names[..], [named, other] if named == "reader" && other.starts_with(&unnamed)),
        "{names:?}"
    );
}
