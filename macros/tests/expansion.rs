//! What the attributes make compiles and runs, against a root that notes what it was given.

use std::num::ParseIntError;

/// In arbour's place: runs a body that never waits.
mod root {
    pub(crate) mod __private {
        use std::task::{Context, Poll, Waker};

        #[derive(Debug, Default, Clone, Copy, PartialEq)]
        pub(crate) struct RuntimeOptions {
            pub(crate) worker_threads: Option<usize>,
            pub(crate) current_thread: bool,
            pub(crate) start_paused: bool,
        }

        impl RuntimeOptions {
            pub(crate) fn new() -> Self {
                Self::default()
            }

            pub(crate) fn worker_threads(self, count: usize) -> Self {
                Self { worker_threads: Some(count), ..self }
            }

            pub(crate) fn current_thread(self) -> Self {
                Self { current_thread: true, ..self }
            }

            pub(crate) fn start_paused(self, start_paused: bool) -> Self {
                Self { start_paused, ..self }
            }
        }

        pub(crate) fn main<F: Future>(options: RuntimeOptions, body: F) -> F::Output {
            assert_eq!(options, RuntimeOptions::new().worker_threads(2));
            output(body)
        }

        pub(crate) fn test<F: Future>(options: RuntimeOptions, body: F) -> F::Output {
            assert_eq!(options, RuntimeOptions::new().current_thread().start_paused(true));
            output(body)
        }

        fn output<F: Future>(body: F) -> F::Output {
            match std::pin::pin!(body).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(output) => output,
                Poll::Pending => panic!("the body waits"),
            }
        }
    }
}

async fn parsed(text: &str) -> Result<u64, ParseIntError> {
    text.parse()
}

#[arbour_macros::main(crate = root, worker_threads = 2)]
async fn program() -> Result<u64, ParseIntError> {
    let one = parsed("1").await?;
    Ok(one + parsed("2").await?)
}

#[arbour_macros::main(crate = crate::root, worker_threads = 2)]
async fn erased() -> impl std::fmt::Display {
    "done"
}

#[arbour_macros::main(crate = root, worker_threads = 2)]
async fn calls_what_the_module_defines() -> u64 {
    body()
}

fn body() -> u64 {
    5
}

#[test]
fn the_body_sees_every_name_of_its_module() {
    assert_eq!(calls_what_the_module_defines(), 5);
}

#[test]
fn a_program_returns_what_its_body_returns() {
    assert_eq!(program(), Ok(3));
    assert_eq!(erased().to_string(), "done");
}

#[arbour_macros::test(crate = root)]
async fn a_test_may_return_an_error() -> Result<(), ParseIntError> {
    assert_eq!(parsed("7").await?, 7);
    Ok(())
}

#[arbour_macros::test(crate = root)]
#[should_panic(expected = "as it should")]
async fn a_test_that_should_panic_does() {
    panic!("as it should");
}
