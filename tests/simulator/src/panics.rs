//! Panics of the exchange are findings of a run, with their words and place, and
//! not noise on the terminal.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_RUN: Cell<bool> = const { Cell::new(false) };
    static WORDS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What `run` gives, or the words of its panic.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let otherwise = take_hook();
        set_hook(Box::new(move |panic| {
            if IS_RUN.get() {
                WORDS.with_borrow_mut(|words| *words = panic.to_string());
            } else {
                otherwise(panic);
            }
        }));
    });
    IS_RUN.set(true);
    // Whatever the run has left half done is never looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(run));
    IS_RUN.set(false);
    outcome.map_err(|_| WORDS.take())
}
