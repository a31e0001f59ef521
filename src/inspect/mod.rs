//! Inspect: what the store and the output of a crawl say, while it runs or after it. Nothing of them is ever changed.

#[cfg(feature = "postgres")]
mod all;
mod archive;
mod archived;
mod body;
mod expected;
mod explain;
mod home;
mod kept;
mod last_run;
mod nodes;
mod problems;
mod revisits;
mod status;
mod verify;
mod why;

#[cfg(feature = "postgres")]
pub(crate) use all::{AllVerified, verify_all};
pub(crate) use explain::{Beginning, Explanation, UrlState, explain};
pub(crate) use home::Home;
pub(crate) use kept::kept;
pub(crate) use last_run::RunState;
pub(crate) use nodes::{Buckets, NodeStatus, Together};
pub(crate) use status::{HostStatus, Status, status};
pub(crate) use verify::{Verification, verify};

use crate::committed::{look, outputs_of_records, shown};
