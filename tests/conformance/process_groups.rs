//! Process groups: membership, its end, and word of it.

mod pg {
    use crate::members::{Member, Order};
    use arbour::stream::{ReceiveStream, RecvError};
    use arbour::testing::block_on;
    use arbour::{
        ActorSpec, Address, GroupEvent, NotJoined, ProcessGroups, Restart, Supervisor, spawn_actor,
        task_group,
    };

    fn names(members: &[Address<Member>]) -> Vec<&str> {
        members.iter().map(Address::name).collect()
    }

    /// All members are local: there are no other nodes yet.
    #[arbour::test]
    async fn pg() {
        let groups = ProcessGroups::new();
        task_group(async |group| {
            let (one, two) = (spawn_actor(&group, "one", Member, 8), spawn_actor(&group, "two", Member, 8));
            assert!(groups.members("group").is_empty());
            groups.join("group", &one).unwrap();
            groups.join("group", &two).unwrap();
            assert_eq!(names(&groups.members("group")), ["one", "two"]);
            assert_eq!(groups.groups(), [std::sync::Arc::from("group")]);
            groups.leave("group", &one).unwrap();
            assert_eq!(names(&groups.members("group")), ["two"]);
            groups.leave("group", &two).unwrap();
            assert!(groups.members("group").is_empty() && groups.groups().is_empty());
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn single() {
        let groups = ProcessGroups::new();
        let (killed, child) = ActorSpec::new("killed", || Member).build();
        let app = Supervisor::builder("app").child(child.restart(Restart::Temporary)).build().unwrap();
        let handle = app.handle();
        task_group(async |group| {
            group.spawn(app.run());
            let member = spawn_actor(&group, "member", Member, 8);
            for _ in 0..3 {
                groups.join("group", &member).unwrap();
            }
            for left in (0..3).rev() {
                groups.leave("group", &member).unwrap();
                assert_eq!(groups.members("group").len(), left);
            }
            let not_joined = groups.leave("group", &member).unwrap_err();
            assert_eq!((&*not_joined.group, &*not_joined.actor), ("group", "member"));
            let never_joined: NotJoined = groups.leave("unknown", &member).unwrap_err();
            assert_eq!(&*never_joined.group, "unknown");

            groups.join("group", &killed).unwrap();
            groups.join("group", &member).unwrap();
            assert_eq!(names(&groups.members("group")), ["killed", "member"]);
            let ended = killed.ended();
            killed.tell(Order::Crash).await.unwrap();
            ended.await;
            assert_eq!(names(&groups.members("group")), ["member"]);
            assert_eq!(member.ask(Order::Answer).await, Ok(()));
            handle.request_stop();
        })
        .await
        .unwrap();
    }

    /// On two threads: one ends the actor, the other has it join and leave meanwhile.
    #[test]
    fn leave_exit_race() {
        let groups = ProcessGroups::new();
        let (_, changes) = groups.monitor_all();
        for _ in 0..100 {
            let theirs = groups.clone();
            block_on(async {
                let dying = task_group(async |group| {
                    let member = spawn_actor(&group, "dying", Member, 8);
                    let address = member.clone();
                    let leaving =
                        std::thread::spawn(move || join_and_leave_until_it_is_dead(&theirs, &address));
                    tokio::task::yield_now().await;
                    member.stop().await.unwrap();
                    leaving.join().unwrap();
                });
                dying.await.unwrap();
            });
            assert!(groups.groups().is_empty(), "nobody is left in a group");
        }
        let mut there = 0;
        while let Ok(event) = changes.try_recv() {
            there += if matches!(event, GroupEvent::Joined { .. }) { 1 } else { -1 };
            assert!(there == 0 || there == 1 || there == 2, "each leaves as often as it has joined");
        }
        assert_eq!(there, 0);
    }

    /// Twice each time, so that one membership is left to the end of the actor.
    fn join_and_leave_until_it_is_dead(groups: &ProcessGroups<Member>, member: &Address<Member>) {
        while groups.join("group", member).is_ok() {
            let _ = groups.join("group", member);
            let _ = groups.leave("group", member);
            let _ = groups.leave("group", member);
        }
    }

    #[arbour::test]
    async fn double() {
        let groups = ProcessGroups::new();
        task_group(async |group| {
            let member = spawn_actor(&group, "member", Member, 8);
            groups.join("group", &member).unwrap();
            groups.join("group", &member).unwrap();
            assert_eq!(names(&groups.members("group")), ["member", "member"]);
            groups.leave("group", &member).unwrap();
            assert_eq!(names(&groups.members("group")), ["member"]);
            groups.leave("group", &member).unwrap();
            assert!(groups.members("group").is_empty());
            assert!(groups.leave("group", &member).is_err());

            groups.join("group", &member).unwrap();
            groups.join("group", &member).unwrap();
            member.stop().await.unwrap();
            assert!(groups.groups().is_empty(), "an actor that has ended has left as often as it had joined");
        })
        .await
        .unwrap();
    }

    /// Arbour's groups are no server that could crash and lose its members: they live as long as somebody holds them.
    /// With the last holder they are gone, monitors hear the end, members go on, and new groups begin empty.
    #[arbour::test]
    async fn scope_restart() {
        let groups = ProcessGroups::new();
        task_group(async |group| {
            let member = spawn_actor(&group, "member", Member, 8);
            groups.join("group", &member).unwrap();
            let (_, changes) = groups.monitor("group");
            let holder = groups.clone();
            drop(groups);
            assert_eq!(names(&holder.members("group")), ["member"], "nothing is lost with one holder");
            drop(holder);
            assert_eq!(changes.recv().await.unwrap_err(), RecvError::EndOfStream);
            assert_eq!(member.ask(Order::Answer).await, Ok(()));
            let anew = ProcessGroups::<Member>::new();
            assert!(anew.members("group").is_empty());
            anew.join("group", &member).unwrap();
            assert_eq!(names(&anew.members("group")), ["member"]);
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn monitor_nonempty_scope() {
        let groups = ProcessGroups::new();
        task_group(async |group| {
            let (one, two) = (spawn_actor(&group, "one", Member, 8), spawn_actor(&group, "two", Member, 8));
            groups.join("group", &one).unwrap();
            let (present, changes) = groups.monitor("group");
            let (everywhere, all_changes) = groups.monitor_all();
            assert_eq!(names(&present), ["one"]);
            assert_eq!((&*everywhere[0].0, everywhere[0].1.name(), everywhere.len()), ("group", "one", 1));
            groups.join("group", &two).unwrap();
            groups.join("another", &two).unwrap();
            groups.leave("group", &one).unwrap();
            two.stop().await.unwrap();
            assert_eq!(heard(&changes), ["+group two", "-group one", "-group two"]);
            let of_all = ["+group two", "+another two", "-group one", "-group two", "-another two"];
            assert_eq!(heard(&all_changes), of_all);
        })
        .await
        .unwrap();
    }

    fn heard(changes: &ReceiveStream<GroupEvent<Member>>) -> Vec<String> {
        let events = std::iter::from_fn(|| changes.try_recv().ok());
        let lines = events.map(|event| match event {
            GroupEvent::Joined { group, member } => format!("+{group} {}", member.name()),
            GroupEvent::Left { group, member } => format!("-{group} {}", member.name()),
            _ => panic!("an event that the test does not know"),
        });
        lines.collect()
    }
}
