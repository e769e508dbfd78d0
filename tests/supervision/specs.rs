//! Supervisors as data: what is read, what is refused and in which words, what is bound.

use crate::support::{Journal, ms, settle};
use arbour::{
    Actor, ActorSpec, AutoShutdown, Backoff, BindError, ChildKind, ChildPolicy, Context, Directive,
    Exhausted, Failure, Restart, RestartLimit, Shutdown, SpecProblem, StopOrder, Strategy, SupervisorSpec,
    stopping,
};
use proptest::prelude::{Just, ProptestConfig, any, prop, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Values;
use std::time::Duration;

const FULL: &str = r#"
    name = "app"
    strategy = "rest_for_one"
    auto_shutdown = "any_significant"
    stop_order = "together"
    limit = { intensity = 7, period = "1m 30s" }
    seed = 42

    [[children]]
    id = "fetch"
    restart = "transient"
    shutdown = { after = "250ms" }
    clean_up = "2s"
    start_timeout = "10s"
    significant = true
    backoff = { initial = "50ms", max = "2s", factor = 3, jitter = false, reset_after = "9s" }
    limit = { intensity = 2, period = "10s" }
    max_consecutive = 5
    exhausted = "stay_down"

    [[children]]
    id = "workers"

    [children.supervisor]
    strategy = "one_for_all"

    [[children.supervisor.children]]
    id = "a"
    shutdown = "abort"
    backoff = "none"
"#;

fn read(toml: &str) -> SupervisorSpec {
    toml::from_str(toml).unwrap()
}

/// What is wrong with it, line by line.
fn refused(json: &str) -> Vec<String> {
    let refused = SupervisorSpec::read(&mut serde_json::Deserializer::from_str(json)).unwrap().unwrap_err();
    refused.refusals.iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_a_supervisor_can_be_told_is_read_from_toml() {
    let spec = read(FULL);
    assert_eq!((&*spec.name, spec.config.strategy), ("app", Strategy::RestForOne));
    assert_eq!(spec.config.auto_shutdown, AutoShutdown::AnySignificant);
    assert_eq!((spec.config.stop_order, spec.config.seed), (StopOrder::Together, 42));
    assert_eq!(spec.config.limit, RestartLimit::new(7, Duration::from_secs(90)).unwrap());

    let fetch = &spec.children[0];
    assert_eq!((&*fetch.id, fetch.policy.restart), ("fetch", Restart::Transient));
    assert_eq!((fetch.policy.shutdown, fetch.policy.clean_up), (Shutdown::After(ms(250)), ms(2_000)));
    assert_eq!((fetch.policy.start_timeout, fetch.policy.significant), (ms(10_000), true));
    let backoff = Backoff::new(ms(50), ms(2_000)).unwrap().factor(3.0).unwrap();
    assert_eq!(fetch.policy.backoff, backoff.jitter(false).reset_after(ms(9_000)));
    assert_eq!(fetch.policy.limit, Some(RestartLimit::new(2, ms(10_000)).unwrap()));
    assert_eq!((fetch.policy.max_consecutive, fetch.policy.exhausted), (Some(5), Exhausted::StayDown));

    let inside = spec.children[1].supervisor.as_ref().unwrap();
    assert_eq!((&*inside.name, inside.config.strategy), ("workers", Strategy::OneForAll));
    assert_eq!(spec.children[1].policy.kind, ChildKind::Supervisor);
    assert_eq!(spec.children[1].policy.shutdown, Shutdown::Wait);
    let a = &inside.children[0].policy;
    assert_eq!((a.shutdown, a.backoff), (Shutdown::Abort, Backoff::none()));
}

#[test]
fn what_is_left_out_has_the_defaults_of_the_code() {
    let spec = read("name = \"app\"\nchildren = [{ id = \"a\" }]");
    assert_eq!(spec.config, arbour::SupervisorConfig::default());
    assert_eq!(spec.children[0].policy, ChildPolicy::plain());
}

#[test]
fn each_refusal_names_the_path_and_the_value_and_all_come_at_once() {
    let json = r#"{
        "name": "app", "strategy": 5, "limit": { "intensity": -1, "period": "5 parsecs" }, "speed": 3,
        "children": [
            { "id": "a", "restart": "permanet", "start_timeout": 30 },
            { "restart": "transient", "shutdown": "later" },
            { "id": "c", "significant": "yes", "limit": { "intensity": 1 }, "shutdown": { "before": "1s" } },
            { "id": "d", "supervisor": { "children": [{ "id": "e", "clean_up": "soon" }] }, "kind": "worker" },
            { "id": "f", "backoff": { "initial": "2s", "max": "1s" }, "limit": { "intensity": 4, "period": "0s" } }
        ]
    }"#;
    let expected = [
        r#"speed: unknown field, expected one of "name", "strategy", "auto_shutdown", "stop_order", "limit", "seed", "children""#,
        "strategy: 5 is not a text",
        "limit.intensity: -1 is not a number from 0 to 4294967295",
        r#"limit.period: "5 parsecs" is no duration: write a number and a unit, such as "250ms", "5s" or "1m 30s""#,
        r#"children[0].restart: unknown variant "permanet", expected one of "permanent", "transient", "temporary""#,
        r#"children[0].start_timeout: "30" is no duration: write a number and a unit, such as "250ms", "5s" or "1m 30s""#,
        "children[1].id: the field is missing",
        r#"children[1].shutdown: unknown variant "later", expected one of "abort", "wait", "{ after = \"5s\" }""#,
        r#"children[2].shutdown.before: unknown field, expected one of "after""#,
        "children[2].shutdown.after: the field is missing",
        r#"children[2].significant: "yes" is not true or false"#,
        "children[2].limit.period: the field is missing",
        r#"children[3].supervisor.children[0].clean_up: "soon" is no duration: write a number and a unit, such as "250ms", "5s" or "1m 30s""#,
        r#"children[3].kind: "worker" is refused for a child with a supervisor inside"#,
        "children[4].backoff: the longest delay of a back-off, 1s, is shorter than its first, 2s",
        r#"children[4].limit.period: "0s" is no period: a limit of 4 restarts in it limits nothing"#,
    ];
    assert_eq!(refused(json), expected);
}

#[test]
fn what_makes_no_sense_together_is_refused_deep_inside_too() {
    let json = r#"{ "name": "app", "children": [
        { "id": "a", "restart": "transient" },
        { "id": "b", "restart": "transient", "significant": true },
        { "id": "a", "start_timeout": "0s" },
        { "id": "s", "supervisor": { "auto_shutdown": "any_significant", "children": [
            { "id": "x/y", "significant": true }, { "id": "" }
        ] } }
    ] }"#;
    let expected = [
        r#"children[1].significant: true is refused with auto_shutdown "never": its end would not count"#,
        r#"children[2].id: "a" is the name of children[0] already"#,
        r#"children[2].start_timeout: "0s" is no time in which a child could be ready"#,
        r#"children[3].supervisor.children[0].id: "x/y" is no name: it must not be empty, and `/` stands between the names of a path"#,
        r#"children[3].supervisor.children[0].significant: true is refused with restart "permanent": the child always comes back, and its end never counts"#,
        r#"children[3].supervisor.children[1].id: "" is no name: it must not be empty, and `/` stands between the names of a path"#,
    ];
    assert_eq!(refused(json), expected);
}

#[test]
fn what_is_no_supervisor_at_all_is_refused() {
    assert_eq!(refused("[1]"), ["a list is not a table"]);
    assert_eq!(refused("{}"), ["name: the field is missing"]);
    assert_eq!(refused(r#"{ "name": "a", "name": "b" }"#), ["name: the field is given twice"]);
    assert_eq!(refused(r#"{ "name": "a", "children": {} }"#), ["children: a table is not a list"]);
    assert_eq!(
        refused(r#"{ "name": "a", "seed": 1.5 }"#),
        ["seed: 1.5 is not a number from 0 to 18446744073709551615"]
    );
}

#[test]
fn through_a_format_alone_the_refusals_are_its_error() {
    let error =
        toml::from_str::<SupervisorSpec>("name = \"app\"\nchildren = [{ id = \"a\", restart = \"no\" }]");
    let text = error.unwrap_err().to_string();
    assert!(text.contains(r#"children[0].restart: unknown variant "no", expected one of "#), "{text}");
}

#[test]
fn what_code_has_changed_since_is_checked_when_it_is_built() {
    let mut spec = read("name = \"app\"\nchildren = [{ id = \"a\" }]");
    spec.children[0].policy.start_timeout = Duration::ZERO;
    let error = spec.bind("a", |_| async { Ok::<(), Failure>(()) }).build().unwrap_err();
    let BindError::Refused(refused) = error else { panic!("{error}") };
    assert_eq!(refused.refusals[0].path, "children[0].start_timeout");
    assert_eq!(refused.refusals[0].problem, SpecProblem::ZeroStartTimeout);
}

#[test]
fn names_and_what_is_bound_to_them_must_match_and_the_error_has_all_that_do_not() {
    let start = |_| async { Ok::<(), Failure>(()) };
    let spec = read(FULL);
    let bound = spec.bind("fetch", start).bind("a", start).bind("workers", start).bind("fetch", start);
    let error = bound.build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing is bound to `workers/a`; no child is called `a`, `workers`; more than one is bound to `fetch`"
    );
    let BindError::Unmatched { unbound, superfluous, twice } = error else { panic!("{error}") };
    assert_eq!((unbound.len(), superfluous.len(), twice.len()), (1, 2, 1));
}

#[arbour::test]
async fn a_bound_specification_runs_with_its_policies_and_children_of_every_kind() {
    struct Count(u32);
    impl Actor for Count {
        type Message = arbour::Reply<u32>;
        async fn handle(&mut self, reply: arbour::Reply<u32>, _: &mut Context<Self>) -> Result<(), Failure> {
            self.0 += 1;
            reply.send(self.0);
            Ok(())
        }
    }
    let journal = Journal::new();
    let noted = journal.clone();
    let (address, actor) = ActorSpec::new("named by its actor", || Count(0)).build();
    let toml = r#"
        name = "app"
        children = [
            { id = "count", shutdown = "wait" },
            { id = "inner", supervisor = { limit = { intensity = 0, period = "1s" }, children = [{ id = "crash" }] } },
            { id = "judged" },
        ]
    "#;
    let judged =
        arbour::ChildSpec::new("j", |_| async { Ok::<(), Failure>(()) }).on_exit(|_| Directive::Stop);
    let mut runs = 0;
    let app = read(toml)
        .bind_child("count", actor)
        .bind("inner/crash", move |_| {
            runs += 1;
            noted.note(format!("run {runs}"));
            let fails = runs == 1;
            async move {
                if fails {
                    return Err(Failure::message("once"));
                }
                stopping().await;
                Ok(())
            }
        })
        .bind_child("judged", judged)
        .build()
        .unwrap();
    let handle = app.handle();
    let probe = async {
        settle().await;
        assert_eq!(address.ask(|reply| reply).await, Ok(1));
        let tree = handle.snapshot().await;
        handle.request_stop();
        tree.to_string()
    };
    let (end, tree) = tokio::join!(app.run(), probe);
    end.unwrap();
    // The inner supervisor has no restart to give: it fails, and begins anew with what its children own.
    assert_eq!(journal.lines(), ["run 1", "run 2"]);
    let expected = [
        "app (1 restart)",
        "├─ count   running, no restarts",
        "├─ inner   running, 1 restart, last failed",
        "│  └─ crash  running, no restarts",
        "└─ judged  down, no restarts, last ended normally",
    ];
    assert_eq!(tree, expected.join("\n"));
}

fn time() -> impl Values<Value = Duration> {
    (0_u64..200_000_000, 0_u32..1_000_000_000).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

fn limits() -> impl Values<Value = RestartLimit> {
    let of = |(intensity, period)| RestartLimit::new(intensity, period + ms(1)).unwrap();
    (any::<u32>(), time()).prop_map(of)
}

fn backoffs() -> impl Values<Value = Backoff> {
    let of = |(initial, more, factor, jitter, healthy): (Duration, Duration, f64, bool, Duration)| {
        let backoff = Backoff::new(initial + ms(1), initial + ms(1) + more).unwrap().factor(factor).unwrap();
        backoff.jitter(jitter).reset_after(healthy)
    };
    // In quarters, which every parser of numbers reads exactly.
    let factors = (4_u32..4_000).prop_map(|quarters| f64::from(quarters) / 4.0);
    prop_oneof![Just(Backoff::none()), (time(), time(), factors, any::<bool>(), time()).prop_map(of)]
}

fn policies() -> impl Values<Value = ChildPolicy> {
    let shutdown = prop_oneof![Just(Shutdown::Abort), Just(Shutdown::Wait), time().prop_map(Shutdown::After)];
    let restart = prop_oneof![Just(Restart::Permanent), Just(Restart::Transient), Just(Restart::Temporary)];
    let exhausted = prop_oneof![Just(Exhausted::Escalate), Just(Exhausted::StayDown)];
    let times = (shutdown, time(), time(), backoffs());
    let rest =
        (restart, exhausted, prop::option::of(limits()), prop::option::of(any::<u32>()), any::<bool>());
    (times, rest).prop_map(|(times, rest)| {
        let mut policy = ChildPolicy::plain();
        (policy.shutdown, policy.clean_up, policy.start_timeout, policy.backoff) = times;
        policy.start_timeout += ms(1);
        (policy.restart, policy.exhausted, policy.limit, policy.max_consecutive, policy.significant) = rest;
        policy.significant &= policy.restart != Restart::Permanent;
        policy
    })
}

fn specs() -> impl Values<Value = SupervisorSpec> {
    let strategy =
        prop_oneof![Just(Strategy::OneForOne), Just(Strategy::OneForAll), Just(Strategy::RestForOne)];
    let order = prop_oneof![Just(StopOrder::Reverse), Just(StopOrder::Together)];
    let end = prop_oneof![Just(AutoShutdown::AnySignificant), Just(AutoShutdown::AllSignificant)];
    // TOML knows no number above this.
    let seeds = 0..=u64::try_from(i64::MAX).unwrap();
    let level = (".*", strategy, order, end, limits(), seeds, prop::collection::vec(policies(), 0..4));
    let leaf = level.prop_map(|(name, strategy, stop_order, auto_shutdown, limit, seed, children)| {
        let mut spec = read("name = \"\"");
        spec.name = name;
        (spec.config.strategy, spec.config.stop_order, spec.config.auto_shutdown) =
            (strategy, stop_order, auto_shutdown);
        (spec.config.limit, spec.config.seed) = (limit, seed);
        for (at, policy) in children.into_iter().enumerate() {
            let mut child = read("name = \"\"\nchildren = [{ id = \"a\" }]").children.remove(0);
            (child.id, child.policy) = (format!("child {at} \"\u{e4}\""), policy);
            spec.children.push(child);
        }
        spec
    });
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner).prop_map(|(mut outer, inside)| {
            if let Some(child) = outer.children.last_mut() {
                (child.policy.kind, child.supervisor) = (ChildKind::Supervisor, Some(inside));
            }
            outer
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_is_written_reads_back_the_same(spec in specs()) {
        let json = serde_json::to_string(&spec).unwrap();
        prop_assert_eq!(&serde_json::from_str::<SupervisorSpec>(&json).unwrap(), &spec);
        let toml = toml::to_string(&spec).unwrap();
        prop_assert_eq!(&read(&toml), &spec);
    }

    #[test]
    fn no_data_whatever_makes_the_reader_panic(json in r#"[\[\]{}":,a-z0-9 .-]{0,60}"#) {
        let _ = SupervisorSpec::read(&mut serde_json::Deserializer::from_str(&json));
    }
}
