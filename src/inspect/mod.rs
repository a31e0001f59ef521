//! Inspect: what the store and the output of a crawl say, while it runs or after it. Nothing of them is ever changed.

mod archive;
mod archived;
mod body;
mod expected;
mod explain;
mod kept;
mod last_run;
mod problems;
mod revisits;
mod status;
mod verify;
mod why;

pub(crate) use explain::{Beginning, Explanation, UrlState, explain};
pub(crate) use kept::kept;
pub(crate) use last_run::RunState;
pub(crate) use status::{HostStatus, Status, status};
pub(crate) use verify::{Verification, verify};

use crate::committed::{look, outputs_of_records, shown};
