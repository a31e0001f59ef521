//! What a process costs: time on the CPU and the most memory it had, as Linux tells it in /proc.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Crawled, Running};

/// What a run has cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// Zero where there is no /proc.
    pub(crate) cpu: Duration,
    /// The most memory at once, in KiB; zero where there is no /proc.
    pub(crate) peak: u64,
}

/// Lets a run come to its end and looks at its costs meanwhile, so often that little of them is missed: when a process
/// has ended, its memory is no longer told.
#[track_caller]
pub(crate) fn to_the_end(mut running: Running) -> (Crawled, Cost) {
    let (pid, started) = (running.pid(), Instant::now());
    let mut cost = Cost::default();
    while !running.ends_within(LOOK) && started.elapsed() < DEADLINE {
        cost.peak = peak(pid).unwrap_or(cost.peak).max(cost.peak);
        cost.cpu = cpu(pid).unwrap_or(cost.cpu).max(cost.cpu);
    }
    cost.wall = started.elapsed();
    (running.finish_within(LOOK), cost)
}

/// `VmHWM` of /proc/PID/status, in KiB.
fn peak(pid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `utime` and `stime` of /proc/PID/stat.
fn cpu(pid: i32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; what follows starts with the third field.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    Some(Duration::from_millis((user + system) * MILLIS_PER_TICK))
}

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(5);
/// Longer than any machine needs: only a crawl that hangs reaches it.
const DEADLINE: Duration = Duration::from_mins(5);
/// `USER_HZ` is 100 to all programs (proc(5)).
const MILLIS_PER_TICK: u64 = 10;
