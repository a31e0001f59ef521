//! Pages that are made up: blocks in blocks, in any order that a number says.

/// A page of a number, always the same.
pub fn page(seed: u64) -> String {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1));
    let mut page = String::from("<!doctype html><title>t</title><body>");
    for _ in 0..4 + dice.roll(8) {
        block(&mut dice, 0, &mut page);
    }
    page
}

/// Numbers that seem to be thrown (Marsaglia, "Xorshift RNGs", 2003).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        let nth = self.roll(all.len() as u64) as usize;
        all[nth]
    }
}

fn block(dice: &mut Dice, depth: u32, page: &mut String) {
    match dice.roll(if depth < 3 { 9 } else { 4 }) {
        0 | 1 => *page += &format!("<p>{}</p>\n", line(dice)),
        2 => {
            let language = dice.one_of(&["", " class=\"language-rust\"", " class=\"language-sh\""]);
            *page += &format!("<pre{language}><code>{}</code></pre>\n", code(dice));
        }
        3 if depth == 0 => {
            let rank = 1 + dice.roll(6);
            *page += &format!("<h{rank}>{}</h{rank}>\n", line(dice));
        }
        3 => *page += &format!("<p>{}</p>\n", line(dice)),
        4 | 5 => {
            let tag = dice.one_of(&["ul", "ol"]);
            *page += &format!("<{tag}>\n");
            for _ in 0..1 + dice.roll(4) {
                *page += &format!("<li>{}\n", line(dice));
                if dice.roll(3) == 0 {
                    block(dice, depth + 1, page);
                }
                *page += "</li>\n";
            }
            *page += &format!("</{tag}>\n");
        }
        6 => {
            *page += "<blockquote>\n";
            for _ in 0..1 + dice.roll(3) {
                block(dice, depth + 1, page);
            }
            *page += "</blockquote>\n";
        }
        7 if depth == 0 => table(dice, page),
        _ => {
            *page += "<div>\n";
            for _ in 0..1 + dice.roll(2) {
                block(dice, depth + 1, page);
            }
            *page += "</div>\n";
        }
    }
}

fn table(dice: &mut Dice, page: &mut String) {
    let columns = 2 + dice.roll(3);
    *page += "<table>\n";
    for row in 0..2 + dice.roll(4) {
        let tag = if row == 0 { "th" } else { "td" };
        *page += "<tr>";
        for _ in 0..columns {
            *page += &format!("<{tag}>{}</{tag}>", piece(dice));
        }
        *page += "</tr>\n";
    }
    *page += "</table>\n";
}

fn line(dice: &mut Dice) -> String {
    let pieces: Vec<_> = (0..1 + dice.roll(5)).map(|_| piece(dice)).collect();
    pieces.join(" ")
}

/// Some words, or one of what may stand in a line.
fn piece(dice: &mut Dice) -> String {
    let word = words(dice);
    match dice.roll(8) {
        0 => format!("<a href=\"/{}.html\">{word}</a>", dice.roll(50)),
        1 => format!("<code>{}</code>", dice.one_of(&["a_b", "f(x)", "x*y", "ls -l", "&lt;a&gt;"])),
        2 => format!("<em>{word}</em>"),
        3 => format!("<strong>{word}</strong>"),
        _ => word,
    }
}

fn words(dice: &mut Dice) -> String {
    let word = |dice: &mut Dice| dice.one_of(&["tea", "kettle", "garden", "leaf", "water", "cup", "steam"]);
    let first = word(dice);
    format!("{first} {}", word(dice))
}

fn code(dice: &mut Dice) -> String {
    let line = |dice: &mut Dice| {
        dice.one_of(&["let x = 1;", "    if a &lt; b {", "\tfoo()", "# comment", "", "- dash", "  }"])
    };
    let lines: Vec<_> = (0..2 + dice.roll(6)).map(|_| line(dice)).collect();
    format!("first();\n{}\nlast();", lines.join("\n"))
}
