//! Walls in the closing table: one line each kind, with what can be done about it.

use super::text::{count, counted, printable};
use crate::wall::{Wall, WallKind};

/// The lines, each with its name: pages that want a cookie and refuse it, URLs that all lead to one place, pages that all
/// have one body. Empty where there are none.
pub fn wall_lines(walls: &[Wall]) -> [(&'static str, String); 3] {
    [
        ("cookie wall", line(walls, WallKind::Cookie)),
        ("one target", line(walls, WallKind::Redirect)),
        ("one body", line(walls, WallKind::Page)),
    ]
}

/// The largest one of a kind, and how many others there are.
fn line(walls: &[Wall], kind: WallKind) -> String {
    let of_kind = || walls.iter().filter(|wall| wall.kind == kind);
    let Some(largest) = of_kind().reduce(|most, wall| if wall.pages > most.pages { wall } else { most }) else {
        return String::new();
    };
    let more = match of_kind().count() as u64 - 1 {
        0 => String::new(),
        others => format!(" (and of {})", counted(others, "more host", "more hosts")),
    };
    let Wall { host, pages, of, example, to, .. } = largest;
    let (host, example) = (printable(host), printable(example));
    match kind {
        WallKind::Cookie => {
            let ask = counted(*pages, "page", "pages") + if *pages == 1 { " asks" } else { " ask" };
            format!(
                "{ask} for a cookie again and again, of {host}{more}, such as {example}: see that fetch.cookies is true, or \
                 send one of a browser with {HEADER}"
            )
        }
        WallKind::Redirect => {
            let (pages, to) = (share(*pages, *of), printable(to.as_deref().unwrap_or_default()));
            format!(
                "{pages} answers of {host}{more} lead to {to}, such as {example}: if that is a login, send a session with \
                 {HEADER}"
            )
        }
        WallKind::Page => {
            let pages = share(*pages, *of);
            format!(
                "{pages} pages of {host}{more} are the same to the byte, such as {example}: if that is a login or a block, \
                 send a session with {HEADER}, or another --user-agent"
            )
        }
    }
}

fn share(pages: u64, of: u64) -> String {
    if pages == of { format!("all {}", count(of)) } else { format!("{} of {}", count(pages), count(of)) }
}

/// What a person has to type: the variable keeps the secret out of histories and lists of processes.
const HEADER: &str = "--header 'Cookie: ${SESSION}'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_line_that_says_what_can_be_done() {
        let text = |walls: &[Wall]| wall_lines(walls).map(|(name, line)| format!("{name}: {line}")).join("\n");
        assert!(wall_lines(&[]).iter().all(|(_, line)| line.is_empty()));
        let wall = |kind, host: &str, pages, of| Wall {
            pages,
            of,
            to: (kind == WallKind::Redirect).then(|| "http://e.com/login\x1b".to_owned()),
            ..Wall::new(kind, host, format!("http://{host}/a"))
        };
        let walls = [
            wall(WallKind::Page, "e.com", 30, 40),
            wall(WallKind::Page, "f.com", 3000, 3000),
            wall(WallKind::Redirect, "e.com", 25, 1030),
            wall(WallKind::Cookie, "e.com", 1, 1),
            wall(WallKind::Page, "g.com", 7, 7),
        ];
        insta::assert_snapshot!(text(&walls), @r"
        cookie wall: 1 page asks for a cookie again and again, of e.com, such as http://e.com/a: see that fetch.cookies is true, or send one of a browser with --header 'Cookie: ${SESSION}'
        one target: 25 of 1,030 answers of e.com lead to http://e.com/login�, such as http://e.com/a: if that is a login, send a session with --header 'Cookie: ${SESSION}'
        one body: all 3,000 pages of f.com (and of 2 more hosts) are the same to the byte, such as http://f.com/a: if that is a login or a block, send a session with --header 'Cookie: ${SESSION}', or another --user-agent
        ");
    }
}
