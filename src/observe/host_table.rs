//! The host table: what single hosts were asked, in 80 columns, for the person at the terminal.

use std::cmp::Reverse;
use std::time::Duration;

use super::HostSummary;
use super::text::{count, elapsed, printable};

/// The lines of the table, without line feeds: a header, the hosts with the most requests first, and how many are left
/// out. No line without a host.
pub(super) fn host_table(hosts: &[HostSummary]) -> Vec<String> {
    let shown = shown(hosts);
    if shown.is_empty() {
        return Vec::new();
    }
    let rows: Vec<_> = std::iter::once(HEADER.map(str::to_owned)).chain(shown.iter().map(|host| row(host))).collect();
    let mut widths = [0; COLUMNS];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let [names, others @ ..] = &mut widths;
    let taken: usize = others.iter().map(|width| width + GAP).sum();
    *names = (*names).min((WIDTH - INDENT).saturating_sub(taken).max(LEAST_NAME));
    let mut lines: Vec<_> = rows.iter().map(|row| line(row, &widths)).collect();
    if let Some(more @ 1..) = hosts.len().checked_sub(shown.len()) {
        let more = if more == 1 { "1 more host".to_owned() } else { format!("{} more hosts", count(more as u64)) };
        lines.push(format!("  and {more}: see summary.json"));
    }
    lines
}

/// All hosts if they are few; else those in trouble and the busiest.
fn shown(hosts: &[HostSummary]) -> Vec<&HostSummary> {
    let mut order: Vec<_> = hosts.iter().collect();
    order.sort_by_key(|host| Reverse(host.requests));
    if order.len() <= SHOWN {
        return order;
    }
    let mut trouble: Vec<_> = order.iter().copied().filter(|host| host.slowed > 0 || host.is_held()).collect();
    trouble.sort_by_key(|host| Reverse(host.slowed));
    // One line at least says what is normal.
    trouble.truncate(SHOWN - 1);
    let is_shown = |host: &&HostSummary| trouble.iter().any(|shown| std::ptr::eq(*shown, *host));
    let busiest: Vec<_> = order.iter().copied().filter(|host| !is_shown(host)).take(SHOWN - trouble.len()).collect();
    let mut shown = [trouble, busiest].concat();
    shown.sort_by_key(|host| Reverse(host.requests));
    shown
}

fn row(host: &HostSummary) -> [String; COLUMNS] {
    let time = |millis| elapsed(Duration::from_millis(millis));
    let none = || "-".to_owned();
    [
        printable(&host.host),
        count(host.requests).to_string(),
        host.highest_rate.to_string(),
        host.smallest_gap_ms.map_or_else(none, time),
        time(host.mean_response_ms),
        if host.delay_ms > 0 { format!("{} {}", time(host.delay_ms), host.delay_reason) } else { none() },
        if host.slowed > 0 { format!("{}x", count(host.slowed)) } else { none() },
    ]
}

fn line(row: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
    let [name, requests, rate, gap, response, delay, slowed] = row;
    let [w0, w1, w2, w3, w4, w5, w6] = *widths;
    let name = shortened(name, w0);
    format!("  {name:<w0$}  {requests:>w1$}  {rate:>w2$}  {gap:>w3$}  {response:>w4$}  {delay:<w5$}  {slowed:>w6$}")
}

/// Cuts a name that is too long in its middle: both its ends tell hosts apart.
fn shortened(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return name.to_owned();
    }
    let kept = width.saturating_sub(1);
    let head = name.chars().take(kept - kept / 2);
    head.chain(std::iter::once('…')).chain(name.chars().skip(length - kept / 2)).collect()
}

const COLUMNS: usize = 7;
const HEADER: [&str; COLUMNS] = ["hosts", "requests", "most/s", "gap", "response", "delay", "slowed"];
/// A terminal of the usual size.
const WIDTH: usize = 80;
const INDENT: usize = 2;
/// Between two columns.
const GAP: usize = 2;
const LEAST_NAME: usize = 8;
const SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, requests: u64) -> HostSummary {
        HostSummary {
            host: name.to_owned(),
            requests,
            failures: 0,
            highest_rate: 5,
            smallest_gap_ms: Some(204),
            delay_ms: 204,
            delay_reason: "rate",
            slowed: 0,
            mean_response_ms: 20,
        }
    }

    #[test]
    fn few_hosts_are_all_shown_and_the_busiest_first() {
        let limping =
            HostSummary { slowed: 3, delay_ms: 30_300, delay_reason: "retry_after", ..host("b.example:8080", 1_234) };
        let asked_once =
            HostSummary { smallest_gap_ms: None, delay_ms: 0, delay_reason: "none", ..host("c.example", 1) };
        let table = host_table(&[host("a.example", 300), limping, asked_once]).join("\n");
        insta::assert_snapshot!(table, @"
          hosts           requests  most/s    gap  response  delay            slowed
          b.example:8080     1,234       5  204ms      20ms  30s retry_after      3x
          a.example            300       5  204ms      20ms  204ms rate            -
          c.example              1       5      -      20ms  -                     -
        ");
    }

    #[test]
    fn of_many_hosts_those_in_trouble_and_the_busiest_are_shown() {
        let mut hosts: Vec<_> = (0..1_200).map(|n| host(&format!("{n}.example"), n)).collect();
        hosts[7] = HostSummary { slowed: 2, ..hosts[7].clone() };
        hosts[9] = HostSummary { delay_ms: 86_400_000, delay_reason: "breaker", ..hosts[9].clone() };
        insta::assert_snapshot!(host_table(&hosts).join("\n"), @"
          hosts         requests  most/s    gap  response  delay           slowed
          1199.example     1,199       5  204ms      20ms  204ms rate           -
          1198.example     1,198       5  204ms      20ms  204ms rate           -
          1197.example     1,197       5  204ms      20ms  204ms rate           -
          1196.example     1,196       5  204ms      20ms  204ms rate           -
          1195.example     1,195       5  204ms      20ms  204ms rate           -
          1194.example     1,194       5  204ms      20ms  204ms rate           -
          1193.example     1,193       5  204ms      20ms  204ms rate           -
          1192.example     1,192       5  204ms      20ms  204ms rate           -
          9.example            9       5  204ms      20ms  24h 0m breaker       -
          7.example            7       5  204ms      20ms  204ms rate          2x
          and 1,190 more hosts: see summary.json
        ");
        for host in &mut hosts {
            host.slowed = host.requests / 2;
        }
        hosts[1_199].slowed = 0;
        let table = host_table(&hosts);
        assert_eq!(table.len(), 1 + SHOWN + 1);
        assert!(table[1].contains("1199.example"), "the busiest of those that are well: {table:?}");
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_no_host_moves_its_cursor() {
        let worst = HostSummary {
            highest_rate: 99_999,
            smallest_gap_ms: Some(3_599_000),
            delay_ms: 3_599_000,
            delay_reason: "crawl_delay",
            slowed: 12_345,
            mean_response_ms: 3_599_000,
            ..host(&format!("www.{}.example:65535", "long".repeat(40)), 1_000_000)
        };
        let table = host_table(&[worst, host("a\x1b[2Jb", 1)]);
        assert!(table.iter().all(|line| line.chars().count() <= WIDTH), "{table:#?}");
        assert!(!table.concat().contains('\x1b'));
        insta::assert_snapshot!(table.join("\n"), @"
          hosts        requests  most/s      gap  response  delay                 slowed
          www.l…5535  1,000,000   99999  59m 59s   59m 59s  59m 59s crawl_delay  12,345x
          a�[2Jb              1       5    204ms      20ms  204ms rate                 -
        ");
    }

    #[test]
    fn without_a_host_there_is_no_table() {
        assert!(host_table(&[]).is_empty());
    }
}
