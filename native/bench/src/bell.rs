//! What the engine rings when something is answered.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A bell that one thread waits for.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    pub(crate) fn ring(&self) {
        *self.0.0.lock().expect("nobody panics with it") = true;
        self.0.1.notify_one();
    }

    pub(crate) fn wait(&self, most: Duration) {
        let rung = self.0.0.lock().expect("nobody panics with it");
        let (mut rung, _) =
            self.0.1.wait_timeout_while(rung, most, |rung| !*rung).expect("nobody panics with it");
        *rung = false;
    }
}
