//! The built program while everything around it fails: the service refuses, throttles, breaks off;
//! the network loses answers; the process is interrupted or killed; two runs meet. Each must end in
//! the right class and exit code, write nothing that it does not know about, and leave a workspace
//! that the next run reads rightly.
//!
//! Every test has its own repository and its own emulator, with a [`gate::Gate`] before it where it
//! matters when a request comes.

#![cfg(test)]
#![cfg(unix)]

mod death;
mod faults;
mod fleet;
mod gate;
mod interrupts;
mod machine;
#[expect(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/portal.rs"]
mod portal;
mod process;
mod reading;
mod rollout;
#[expect(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/root.rs"]
mod root;
#[expect(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/sample.rs"]
mod sample;
mod sign_in;
mod two_runs;
mod writing;
