//! The host table: what single hosts were asked, in 80 columns, for the person at the terminal.

use std::cmp::Reverse;
use std::time::Duration;

use super::HostSummary;
use super::text::{count, elapsed, printable};
use crate::host_report::DelayReason;

/// The lines of the table, without line feeds: a header, the hosts with the most requests first, and how many are left
/// out. No line without a host. `is_over` says that nothing will be asked any more, as far as it depends on the crawl.
pub(super) fn host_table(hosts: &[HostSummary], is_over: bool) -> Vec<String> {
    let shown = shown(hosts);
    if shown.is_empty() {
        return Vec::new();
    }
    let header = Row { name: "hosts".to_owned(), cells: HEADER.map(str::to_owned) };
    let mut rows: Vec<_> = std::iter::once(header).chain(shown.iter().map(|host| row(host, is_over))).collect();
    let mut widths = [0; COLUMNS];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let names = fit(&rows, &mut widths);
    shorten(&mut rows, names);
    let mut lines: Vec<_> = rows.iter().map(|row| line(row, names, &widths)).collect();
    if let Some(more @ 1..) = hosts.len().checked_sub(shown.len()) {
        let more = if more == 1 { "1 more host".to_owned() } else { format!("{} more hosts", count(more as u64)) };
        lines.push(format!("  and {more}: see summary.json"));
    }
    lines
}

/// All hosts if they are few; else the one that asks for the longest `Crawl-delay`, those in trouble, and the busiest.
fn shown(hosts: &[HostSummary]) -> Vec<&HostSummary> {
    let mut order: Vec<_> = hosts.iter().collect();
    order.sort_by_key(|host| Reverse(host.requests));
    if order.len() <= SHOWN {
        return order;
    }
    let slowest = order
        .iter()
        .copied()
        .filter(|host| host.delay_reason == DelayReason::CrawlDelay)
        .max_by_key(|host| host.delay_ms);
    let is_slowest = |host: &HostSummary| slowest.is_some_and(|slowest| std::ptr::eq(slowest, host));
    let is_in_trouble = |host: &HostSummary| host.slowed > 0 || host.is_held() || is_slowest(host);
    let mut trouble: Vec<_> = order.iter().copied().filter(|host| is_in_trouble(host)).collect();
    trouble.sort_by_key(|host| Reverse((is_slowest(host), host.slowed)));
    // One line at least says what is normal.
    trouble.truncate(SHOWN - 1);
    let is_shown = |host: &&HostSummary| trouble.iter().any(|shown| std::ptr::eq(*shown, *host));
    let busiest: Vec<_> = order.iter().copied().filter(|host| !is_shown(host)).take(SHOWN - trouble.len()).collect();
    let mut shown = [trouble, busiest].concat();
    shown.sort_by_key(|host| Reverse(host.requests));
    shown
}

struct Row {
    name: String,
    cells: [String; COLUMNS],
}

fn row(host: &HostSummary, is_over: bool) -> Row {
    let none = || "-".to_owned();
    let cells = [
        count(host.requests).to_string(),
        host.highest_rate.to_string(),
        host.smallest_gap_ms.map_or_else(none, time),
        time(host.mean_response_ms),
        match host.delay_ms {
            0 => none(),
            _ if is_given_up(host, is_over) => "given up".to_owned(),
            delay => format!("{} {}", time(delay), host.delay_reason.name()),
        },
        if host.slowed > 0 { format!("{}x", count(host.slowed)) } else { none() },
    ];
    Row { name: printable(&host.host), cells }
}

/// A duration in its largest unit.
fn time(millis: u64) -> String {
    let time = elapsed(Duration::from_millis(millis));
    time.split(' ').next().unwrap_or_default().to_owned()
}

/// Whether the wait of a host that could not be reached, or whose robots.txt could not be read, is none before another
/// attempt: a crawl ends with no host that it still means to try, and no pause before another attempt is as long.
fn is_given_up(host: &HostSummary, is_over: bool) -> bool {
    matches!(host.delay_reason, DelayReason::Robots | DelayReason::Breaker)
        && (is_over || host.delay_ms >= LONGER_THAN_A_PAUSE)
}

/// Leaves out the columns that matter least, while names have too little room. The width for the names.
fn fit(rows: &[Row], widths: &mut [usize; COLUMNS]) -> usize {
    let longest = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or_default();
    let room = |widths: &[usize; COLUMNS]| {
        let taken: usize = widths.iter().filter(|width| **width > 0).map(|width| width + GAP).sum();
        (WIDTH - INDENT).saturating_sub(taken)
    };
    // A name that is cut is worth one column; one that has to be whole, more.
    for (column, wanted) in [(RESPONSE, longest), (LEAST_GAP, longest.min(WHOLE)), (RATE, longest.min(WHOLE))] {
        if room(widths) < wanted
            && let Some(width) = widths.get_mut(column)
        {
            *width = 0;
        }
    }
    longest.min(room(widths).max(WHOLE))
}

/// Cuts the names that are too long, in their middle, as both ends tell hosts apart: where they do not, elsewhere.
fn shorten(rows: &mut [Row], width: usize) {
    let names: Vec<_> = rows.iter().map(|row| row.name.chars().collect::<Vec<_>>()).collect();
    let kept = width.saturating_sub(1);
    let mut cuts: Vec<(&[char], &[char])> = Vec::new();
    for (row, name) in rows.iter_mut().zip(&names).filter(|(_, name)| name.len() > width) {
        let at = |head: usize| {
            let (start, rest) = name.split_at(head);
            (start, rest.split_at(rest.len() - (kept - head)).1)
        };
        let is_of_another = |(start, end): (&[char], &[char])| {
            names.iter().any(|other| other != name && other.starts_with(start) && other.ends_with(end))
        };
        let mut heads: Vec<_> = (0..=kept).collect();
        heads.sort_by_key(|head| head.abs_diff(kept - kept / 2));
        let free: Vec<_> = heads.into_iter().map(at).filter(|cut| !cuts.contains(cut)).collect();
        let Some(&cut) = free.iter().find(|cut| !is_of_another(**cut)).or(free.first()) else { continue };
        row.name = cut.0.iter().chain(&['…']).chain(cut.1).collect();
        cuts.push(cut);
    }
}

fn line(row: &Row, names: usize, widths: &[usize; COLUMNS]) -> String {
    let mut line = format!("  {:<names$}", row.name);
    for (column, (cell, width)) in row.cells.iter().zip(widths).enumerate().filter(|(_, (_, width))| **width > 0) {
        let cell = if column == DELAY { format!("  {cell:<width$}") } else { format!("  {cell:>width$}") };
        line.push_str(&cell);
    }
    line
}

/// Those after the names.
const COLUMNS: usize = 6;
const HEADER: [&str; COLUMNS] = ["requests", "most/s", "gap", "response", "delay", "slowed"];
const RATE: usize = 1;
const LEAST_GAP: usize = 2;
const RESPONSE: usize = 3;
const DELAY: usize = 4;
/// A terminal of the usual size.
const WIDTH: usize = 80;
const INDENT: usize = 2;
/// Between two columns.
const GAP: usize = 2;
/// So long are names that are never cut: an IPv4 address with a port.
const WHOLE: usize = 21;
const SHOWN: usize = 10;
/// In milliseconds. What is given up is so for a day, most of which is left.
const LONGER_THAN_A_PAUSE: u64 = 12 * 3600 * 1000;

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
            delay_reason: DelayReason::Rate,
            given_up_after_ms: None,
            given_up_because: None,
            slowed: 0,
            mean_response_ms: 20,
            usage: None,
        }
    }

    #[test]
    fn few_hosts_are_all_shown_and_the_busiest_first() {
        let limping = HostSummary {
            slowed: 3,
            delay_ms: 30_300,
            delay_reason: DelayReason::RetryAfter,
            ..host("b.example:8080", 1_234)
        };
        let asked_once =
            HostSummary { smallest_gap_ms: None, delay_ms: 0, delay_reason: DelayReason::None, ..host("c.example", 1) };
        let table = host_table(&[host("a.example", 300), limping, asked_once], false).join("\n");
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
        hosts[9] = HostSummary { delay_ms: 86_400_000, delay_reason: DelayReason::Breaker, ..hosts[9].clone() };
        insta::assert_snapshot!(host_table(&hosts, false).join("\n"), @"
        hosts         requests  most/s    gap  response  delay       slowed
        1199.example     1,199       5  204ms      20ms  204ms rate       -
        1198.example     1,198       5  204ms      20ms  204ms rate       -
        1197.example     1,197       5  204ms      20ms  204ms rate       -
        1196.example     1,196       5  204ms      20ms  204ms rate       -
        1195.example     1,195       5  204ms      20ms  204ms rate       -
        1194.example     1,194       5  204ms      20ms  204ms rate       -
        1193.example     1,193       5  204ms      20ms  204ms rate       -
        1192.example     1,192       5  204ms      20ms  204ms rate       -
        9.example            9       5  204ms      20ms  given up         -
        7.example            7       5  204ms      20ms  204ms rate      2x
        and 1,190 more hosts: see summary.json
        ");
        for host in &mut hosts {
            host.slowed = host.requests / 2;
        }
        hosts[1_199].slowed = 0;
        let table = host_table(&hosts, false);
        assert_eq!(table.len(), 1 + SHOWN + 1);
        assert!(table[1].contains("1199.example"), "the busiest of those that are well: {table:?}");
    }

    /// A host whose line has the widest cells there are.
    fn widest(name: &str) -> HostSummary {
        HostSummary {
            highest_rate: 99_999,
            smallest_gap_ms: Some(999),
            delay_ms: 999,
            delay_reason: DelayReason::RetryAfter,
            slowed: 12_345,
            mean_response_ms: 999,
            ..host(name, 1_000_000)
        }
    }

    #[track_caller]
    fn check_fits(table: &[String]) {
        assert!(table.iter().all(|line| line.chars().count() <= WIDTH), "{table:#?}");
        let mut names: Vec<_> = table.iter().map(|line| line.split_whitespace().next().unwrap()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{table:#?}");
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_no_host_moves_its_cursor() {
        let worst = widest(&format!("www.{}.example:65535", "long".repeat(40)));
        let table = host_table(&[worst, host("a\x1b[2Jb", 1)], false);
        check_fits(&table);
        assert!(!table.concat().contains('\x1b'));
        insta::assert_snapshot!(table.join("\n"), @"
        hosts                      requests  most/s    gap  delay               slowed
        www.longlong…ample:65535  1,000,000   99999  999ms  999ms retry_after  12,345x
        a�[2Jb                            1       5  204ms  204ms rate               -
        ");
    }

    #[test]
    fn an_address_with_a_port_is_never_cut() {
        let names = ["127.116.100.101:60123", "127.116.100.201:60123", "127.13.0.1:9976"];
        let narrow = names.map(|name| HostSummary {
            delay_reason: DelayReason::RetryAfter,
            delay_ms: 3_500_000,
            ..host(name, 12)
        });
        let table = host_table(&narrow, false);
        check_fits(&table);
        insta::assert_snapshot!(table.join("\n"), @"
        hosts                  requests  most/s    gap  delay            slowed
        127.116.100.101:60123        12       5  204ms  58m retry_after       -
        127.116.100.201:60123        12       5  204ms  58m retry_after       -
        127.13.0.1:9976              12       5  204ms  58m retry_after       -
        ");
        let table = host_table(&names.map(widest), false);
        check_fits(&table);
        assert!(names.iter().all(|name| table.concat().contains(name)), "{table:#?}");
        let absurd = HostSummary { slowed: 9_999_999, ..widest(names[0]) };
        let table = host_table(&[HostSummary { requests: 99_999_999, ..absurd }], false);
        check_fits(&table);
        assert!(table[1].contains(names[0]), "{table:#?}");
    }

    #[test]
    fn long_names_are_cut_so_that_they_can_be_told_apart() {
        let name = |middle: &str| format!("a-rather-long-name.{middle}.in-the-middle-of-a-zone.example");
        let mut hosts: Vec<_> = ["one", "two", "three"].map(|middle| host(&name(middle), 3)).into();
        hosts.push(host("[2001:db8:1111:2222:3333:4444:5555:6666]:8080", 2));
        hosts.push(host("[2001:db8:1111:2222:3333:4444:5555:6667]:8080", 2));
        hosts.push(host("[2001:db8:1111:2222:aaaa:4444:5555:6667]:8080", 2));
        let table = host_table(&hosts, false);
        check_fits(&table);
        insta::assert_snapshot!(table.join("\n"), @"
        hosts                              requests  most/s    gap  delay       slowed
        a-rather-long-name.o…zone.example         3       5  204ms  204ms rate       -
        a-rather-long-name.tw…one.example         3       5  204ms  204ms rate       -
        a-rather-long-name.th…one.example         3       5  204ms  204ms rate       -
        [2001:db8:1111:2…:5555:6666]:8080         2       5  204ms  204ms rate       -
        [2001:db8:1111:2222:3…:6667]:8080         2       5  204ms  204ms rate       -
        [2001:db8:1111:2222:a…:6667]:8080         2       5  204ms  204ms rate       -
        ");
    }

    #[test]
    fn names_that_differ_in_places_far_apart_still_look_different() {
        let name = |n: usize| {
            let bits = (0..4).map(|bit| if n >> bit & 1 == 1 { "b" } else { "a" });
            bits.collect::<Vec<_>>().join("--------------")
        };
        let hosts: Vec<_> = (0..SHOWN).map(|n| widest(&name(n))).collect();
        check_fits(&host_table(&hosts, false));
    }

    #[test]
    fn of_many_hosts_the_one_with_the_longest_crawl_delay_is_shown() {
        let mut hosts: Vec<_> =
            (0..30).map(|n| HostSummary { slowed: 5, ..host(&format!("{n}.example"), 100) }).collect();
        for (n, delay_ms) in [(3, 2_000), (4, 5_100), (5, 1_000)] {
            hosts[n] =
                HostSummary { delay_ms, delay_reason: DelayReason::CrawlDelay, ..host(&format!("{n}.example"), 1) };
        }
        let table = host_table(&hosts, false).join("\n");
        assert!(table.contains("\n  4.example "), "{table}");
        assert!(!table.contains("\n  3.example "), "{table}");
    }

    #[test]
    fn a_host_that_was_given_up_has_no_delay() {
        let delayed = |delay_reason, delay_ms| HostSummary { delay_ms, delay_reason, ..host("a.example", 1) };
        let check = |host: HostSummary, is_over, expected: &str| {
            let line = host_table(&[host], is_over).pop().unwrap();
            assert!(line.contains(&format!("  {expected}  ")), "{line}");
        };
        check(delayed(DelayReason::Breaker, 86_399_000), false, "given up");
        check(delayed(DelayReason::Robots, 86_399_000), false, "given up");
        check(delayed(DelayReason::Robots, 3_500_000), true, "given up");
        check(delayed(DelayReason::Breaker, 29_000), false, "29s breaker");
        check(delayed(DelayReason::RetryAfter, 86_399_000), true, "23h retry_after");
        check(delayed(DelayReason::CrawlDelay, 5_100), true, "5.1s crawl_delay");
    }

    #[test]
    fn without_a_host_there_is_no_table() {
        assert!(host_table(&[], false).is_empty());
    }
}
