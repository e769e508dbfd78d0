//! What supervisors tell a recorder of the `metrics` crate. Needs the feature `metrics`.
#![forbid(unsafe_code)]

use arbour::testing::block_on;
use arbour::{
    Backoff, ChildSpec, Failure, RestartLimit, Shutdown, Supervisor, SupervisorBuilder, SupervisorHandle,
    defer, stopping, task_group,
};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit, with_local_recorder,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

type Values = Arc<Mutex<BTreeMap<String, Vec<f64>>>>;

/// Keeps all that is told: of a counter the sum, of a gauge the latest, of a histogram each value.
#[derive(Clone, Default)]
struct Notes {
    values: Values,
}

/// One series of the notes.
struct Series {
    name: String,
    values: Values,
}

impl Series {
    fn change(&self, change: impl FnOnce(&mut Vec<f64>)) {
        change(self.values.lock().unwrap().entry(self.name.clone()).or_default());
    }

    fn add(&self, amount: f64) {
        self.change(|values| *values = vec![values.first().unwrap_or(&0.0) + amount]);
    }
}

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        self.add(value as f64);
    }
    fn absolute(&self, value: u64) {
        self.change(|values| *values = vec![value as f64]);
    }
}

impl GaugeFn for Series {
    fn increment(&self, value: f64) {
        self.add(value);
    }
    fn decrement(&self, value: f64) {
        self.add(-value);
    }
    fn set(&self, value: f64) {
        self.change(|values| *values = vec![value]);
    }
}

impl HistogramFn for Series {
    fn record(&self, value: f64) {
        self.change(|values| values.push(value));
    }
}

impl Notes {
    fn series(&self, key: &Key) -> Arc<Series> {
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Arc::new(Series { name, values: Arc::clone(&self.values) })
    }

    /// All series of this name, with their values.
    fn of(&self, name: &str) -> Vec<String> {
        let values = self.values.lock().unwrap();
        let of_name = values.iter().filter_map(|(series, values)| {
            series.strip_prefix(name)?.strip_prefix(' ').map(|labels| format!("{labels}: {values:?}"))
        });
        of_name.collect()
    }
}

impl Recorder for Notes {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}

/// What is noted of a supervisor that runs beside `body` and is then asked to stop.
fn noted(app: impl FnOnce() -> SupervisorBuilder, body: impl AsyncFnOnce(SupervisorHandle, &Notes)) -> Notes {
    let notes = Notes::default();
    with_local_recorder(&notes, || {
        block_on(async {
            let app = app().build().unwrap();
            let handle = app.handle();
            let outcome = task_group(async |group| {
                let running = group.spawn_value(app.run());
                body(handle.clone(), &notes).await;
                handle.request_stop();
                running.await.unwrap().ok()
            });
            outcome.await.unwrap();
        });
    });
    notes
}

/// Runs until it is asked to stop.
async fn until_asked() -> Result<(), Failure> {
    stopping().await;
    Ok(())
}

fn quiet(name: &str) -> ChildSpec {
    ChildSpec::new(name, |_| until_asked())
}

/// Ready after 20 ms; fails 10 ms later in its first run and panics in its second, and waits 100 ms between.
fn job() -> ChildSpec {
    let spec = ChildSpec::new("job", |cx| async move {
        sleep(ms(20)).await;
        cx.ready();
        if cx.incarnation() < 3 {
            sleep(ms(10)).await;
            assert_ne!(cx.incarnation(), 2, "as told");
            return Err(Failure::message("as told"));
        }
        stopping().await;
        Ok(())
    });
    spec.reports_ready().backoff(Backoff::new(ms(100), ms(100)).unwrap().jitter(false))
}

#[test]
fn restarts_and_exits_are_counted_and_the_time_to_ready_is_measured() {
    let app = || Supervisor::builder("app").child(quiet("other")).child(job());
    let notes = noted(app, async |_, _| sleep(ms(1_000)).await);
    assert_eq!(notes.of("arbour_child_restarts_total"), ["supervisor=app child=job with=itself: [2.0]"]);
    assert_eq!(
        notes.of("arbour_child_exits_total"),
        [
            "supervisor=app child=job kind=failed: [1.0]",
            "supervisor=app child=job kind=normal: [1.0]",
            "supervisor=app child=job kind=panicked: [1.0]",
            "supervisor=app child=other kind=normal: [1.0]",
        ]
    );
    assert_eq!(
        notes.of("arbour_child_time_to_ready_seconds"),
        ["supervisor=app child=job: [0.02, 0.02, 0.02]", "supervisor=app child=other: [0.0]"]
    );
}

#[test]
fn children_are_gauged_by_state_while_they_change_and_are_none_after_the_end() {
    let app = || Supervisor::builder("app").child(quiet("other")).child(job());
    let notes = noted(app, async |handle, notes| {
        sleep(ms(10)).await;
        let states = |notes: &Notes| notes.of("arbour_children").join(", ");
        assert!(states(notes).contains("state=running: [1.0], supervisor=app state=starting: [1.0]"));
        // Between its second run and its third.
        sleep(ms(100)).await;
        assert!(states(notes).contains("state=waiting: [1.0]"), "{}", states(notes));
        // A call that is told by no event.
        handle.stop_child("job").await.unwrap();
        let expected = [("down", 1), ("running", 1), ("starting", 0), ("waiting", 0)];
        let expected = expected.map(|(state, count)| format!("supervisor=app state={state}: [{count}.0]"));
        assert_eq!(notes.of("arbour_children"), expected);
    });
    assert!(notes.of("arbour_children").iter().all(|state| state.ends_with(": [0.0]")));
}

#[test]
fn the_time_to_stop_is_measured_and_so_is_what_goes_beyond_it() {
    let slow = || {
        let spec = ChildSpec::new("slow", |_| async {
            defer(async { sleep(ms(400)).await });
            std::future::pending::<Result<(), Failure>>().await
        });
        Supervisor::builder("app").child(spec.shutdown(Shutdown::After(ms(200))).clean_up(ms(1_000)))
    };
    let notes = noted(slow, async |_, _| sleep(ms(1)).await);
    assert_eq!(notes.of("arbour_child_stop_seconds"), ["supervisor=app child=slow: [0.6]"]);
    assert_eq!(notes.of("arbour_child_stop_overrun_seconds"), ["supervisor=app child=slow: [0.4]"]);
    assert_eq!(notes.of("arbour_child_overruns_total"), ["supervisor=app child=slow what=drain: [1.0]"]);
}

#[test]
fn giving_up_is_counted_with_its_reason_under_the_path_of_the_supervisor() {
    let inner = || {
        let spec = ChildSpec::supervisor("inner", || {
            let none = RestartLimit::new(0, ms(1)).unwrap();
            let failing = ChildSpec::new("failing", |_| async {
                sleep(ms(10)).await;
                Err::<(), _>(Failure::message("as told"))
            });
            Supervisor::builder("inner").limit(none).child(failing).build()
        });
        Supervisor::builder("app").child(spec)
    };
    let notes = noted(inner, async |_, _| sleep(ms(15)).await);
    assert_eq!(
        notes.of("arbour_child_give_ups_total"),
        ["supervisor=app/inner child=failing why=supervisor_limit: [1.0]"]
    );
}
