//! What tests of asynchronous code need: paused time, and faults at every await.

/// Runs a future on a runtime of its own, on this thread, with the clock paused: time jumps to the
/// next timer whenever every task is idle.
///
/// # Panics
///
/// When the runtime cannot be made, and with the panic of the future.
pub fn block_on<F: Future>(future: F) -> F::Output {
    arbour_supervisor::install();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime on this thread needs only memory and descriptors")
        .block_on(future)
}
