//! From what a scan has seen of a page to its survey: references resolved, places as lines and columns.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::facts::{Facts, Reference};
use super::links::Resolver;
use super::options::Options;
use super::scan;
use crate::mention::Mention;
use crate::survey::{Alternate, BrokenData, Counted, Heading, LinkPlace, Spot, Survey};
use crate::url::Target;

/// What is kept of a page for those who check it. The URL of the page is filled in by who knows what it is called.
pub(super) fn survey(text: &str, facts: &Facts<'_>, resolver: &Resolver<'_>, options: &Options) -> Survey {
    let seen = &facts.seen;
    let spots = Spots::of(text, facts);
    let mut survey = Survey {
        ids: seen.ids.iter().map(|id| id.clone().into_owned()).collect(),
        titles: seen.titles,
        noindex: seen.noindex,
        letters: seen.letters,
        images_without_alt: (seen.images_without_alt > 0)
            .then(|| Counted { count: seen.images_without_alt, at: spots.at(seen.first_image_without_alt) }),
        ..Survey::default()
    };
    let heading = |(level, tag): &(u8, Option<NonZeroU32>)| Heading {
        level: *level,
        text: tag.and_then(|tag| scan::link_text(text, tag)),
        at: spots.at(*tag),
    };
    survey.headings = seen.headings.iter().map(heading).collect();
    let broken = |(why, tag): &(String, Option<NonZeroU32>)| BrokenData { why: why.clone(), at: spots.at(*tag) };
    survey.broken_data = seen.broken_data.iter().map(broken).collect();
    let mut room = Room { links: options.max_links, bytes: options.max_link_bytes };
    for (hreflang, reference) in &seen.alternates {
        if let Some(url) = url_of(reference, resolver).filter(|url| room.has(Some(url))) {
            survey.alternates.push(Alternate { hreflang: hreflang.clone(), url });
        }
    }
    for reference in &facts.references {
        let url = url_of(reference, resolver);
        if !room.has(url.as_deref()) {
            survey.links_left_out += 1;
            continue;
        }
        survey.links.push(LinkPlace {
            written: reference.text.clone().into_owned(),
            url,
            kind: reference.mention.kind(),
            found_by: name_of(reference.mention),
            text: reference.tag.filter(|_| reference.mention.says()).and_then(|tag| scan::link_text(text, tag)),
            at: spots.at(reference.tag),
        });
    }
    survey
}

/// How much may still be taken of one page: few references can stand for very long URLs.
struct Room {
    links: usize,
    bytes: u64,
}

impl Room {
    /// Whether there is room for one more, which is then taken.
    fn has(&mut self, url: Option<&str>) -> bool {
        let bytes = url.map_or(0, |url| url.len() as u64);
        let left = (self.links.checked_sub(1), self.bytes.checked_sub(bytes));
        if let (Some(links), Some(bytes)) = left {
            (self.links, self.bytes) = (links, bytes);
        }
        left.0.is_some() && left.1.is_some()
    }
}

fn url_of(reference: &Reference<'_>, resolver: &Resolver<'_>) -> Option<Arc<str>> {
    match resolver.resolve(&reference.text, reference.start)? {
        Target::Url(url) => Some(url.to_shared()),
        Target::Other { .. } => None,
    }
}

/// Those that most links have need no text of their own.
fn name_of(mention: Mention) -> Cow<'static, str> {
    match mention {
        Mention::Anchor => Cow::Borrowed("<a href>"),
        other => Cow::Owned(other.to_string()),
    }
}

/// The lines and columns of the tags that something is said of: in one pass over the text, in whatever order they are
/// asked for.
struct Spots {
    /// Each tag with its place, by the tag.
    known: Vec<(NonZeroU32, Spot)>,
}

impl Spots {
    fn of(text: &str, facts: &Facts<'_>) -> Self {
        let seen = &facts.seen;
        let mut tags: Vec<NonZeroU32> = facts.references.iter().filter_map(|reference| reference.tag).collect();
        tags.extend(seen.headings.iter().filter_map(|(_, tag)| *tag));
        tags.extend(seen.broken_data.iter().filter_map(|(_, tag)| *tag));
        tags.extend(seen.first_image_without_alt);
        tags.sort_unstable();
        tags.dedup();
        let (mut at, mut spot) = (0, Spot::new(1, 1));
        let known = tags.into_iter().map(|tag| {
            // The `<` stands before the name.
            let tag_at = tag.get() as usize - 1;
            advance(&mut spot, text.get(at..tag_at).unwrap_or_default(), text.as_bytes().get(tag_at) == Some(&b'\n'));
            at = tag_at.max(at);
            (tag, spot)
        });
        Self { known: known.collect() }
    }

    fn at(&self, tag: Option<NonZeroU32>) -> Option<Spot> {
        let nth = self.known.binary_search_by_key(&tag?, |(known, _)| *known).ok()?;
        self.known.get(nth).map(|(_, spot)| *spot)
    }
}

/// Goes on over a text. A line ends with LF, CR, or both (HTML Standard, section 13.2.3.5, normalizes newlines).
fn advance(spot: &mut Spot, text: &str, before_lf: bool) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_end = match c {
            '\n' => true,
            '\r' => chars.peek().map_or(!before_lf, |next| *next != '\n'),
            _ => false,
        };
        if is_end {
            *spot = Spot::new(spot.line.saturating_add(1), 1);
        } else if c != '\r' {
            spot.column = spot.column.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Input, Parser};
    use super::*;
    use crate::media_type::MediaType;
    use crate::url::UrlRules;

    fn surveyed(page: &str, media_type: &str) -> Survey {
        let rules = UrlRules::new(4096);
        let url = rules.parse("https://e.com/a/").unwrap();
        let media_type = MediaType::parse(media_type);
        let input = Input {
            url: &url,
            body: page.as_bytes(),
            media_type: media_type.as_ref(),
            robots_tags: &[],
            link_headers: &["</h>; rel=next"],
            refresh_headers: &[],
        };
        Parser::new(&Options::default(), rules, "crawler").surveying().parse(&input).survey.map(|found| *found).unwrap()
    }

    #[test]
    fn each_mention_has_its_place_and_its_fragment() {
        let page = "<p>ü<a href='b#c d'>B</a>\r\n<a href=b>again</a>\r<img src=/i.png>\n\n<a href='mailto:x'>mail</a>";
        let found = surveyed(page, "text/html; charset=utf-8");
        let lines: Vec<_> = found.links.iter().map(|link| serde_json::to_string(link).unwrap()).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"written":"/h","url":"https://e.com/h","kind":"page","found_by":"header Link, rel=next"}
        {"written":"b#c d","url":"https://e.com/a/b","kind":"page","found_by":"<a href>","text":"B","line":1,"column":5}
        {"written":"b","url":"https://e.com/a/b","kind":"page","found_by":"<a href>","text":"again","line":2,"column":1}
        {"written":"/i.png","url":"https://e.com/i.png","kind":"embed","found_by":"<img src>","line":3,"column":1}
        {"written":"mailto:x","kind":"page","found_by":"<a href>","text":"mail","line":5,"column":1}
        "#);
    }

    #[test]
    fn names_are_those_that_fragments_lead_to() {
        let page = "<html id=top><a name=n id=i></a><p name=no id='two words'><svg><g id=s></svg><math><mi id=m></math>\
                    <template><p id=no></template><map name=no></map><p id>";
        assert_eq!(surveyed(page, "text/html").ids, ["top", "i", "n", "two words", "s", "m"]);
        let xhtml =
            "<html xmlns='http://www.w3.org/1999/xhtml'><a name='n' id='i'/><template><p id='no'/></template></html>";
        assert_eq!(surveyed(xhtml, "application/xhtml+xml").ids, ["i", "n"]);
    }

    #[test]
    fn what_elements_are_for_readers_is_seen() {
        let page = "<title>t</title><title>u</title><meta name=robots content='noindex, follow'>\n\
                    <link rel=alternate hreflang=de href=/de><link rel=alternate hreflang='' href=/no>\n\
                    <h1>One <b>thing</b></h1><H3></H3>\n<img src=a><img src=b alt=''><img src=c role=none>\
                    <script type='application/ld+json'>{\"a\":1,}</script><script type='application/ld+json'>{}</script>\
                    <script>{</script><style>p{}</style><p>four</p>";
        let found = Survey { links: Vec::new(), ..surveyed(page, "text/html") };
        insta::assert_snapshot!(serde_json::to_string_pretty(&found).unwrap(), @r#"
        {
          "url": "",
          "titles": 2,
          "headings": [
            {
              "level": 1,
              "text": "One thing",
              "line": 3,
              "column": 1
            },
            {
              "level": 3,
              "line": 3,
              "column": 26
            }
          ],
          "images_without_alt": {
            "count": 1,
            "line": 4,
            "column": 1
          },
          "alternates": [
            {
              "hreflang": "de",
              "url": "https://e.com/de"
            }
          ],
          "noindex": true,
          "broken_data": [
            {
              "why": "key must be a string at line 1 column 8",
              "line": 4,
              "column": 51
            }
          ],
          "letters": 12
        }
        "#);
        assert!(!surveyed("<meta name=otherbot content=noindex>", "text/html").noindex);
    }

    #[test]
    fn nothing_is_surveyed_unless_it_is_asked_for() {
        let rules = UrlRules::new(4096);
        let url = rules.parse("https://e.com/").unwrap();
        let (robots_tags, link_headers, refresh_headers): (&[&str], &[&str], &[&str]) = (&[], &[], &[]);
        let input =
            Input { url: &url, body: b"<p id=a>", media_type: None, robots_tags, link_headers, refresh_headers };
        assert!(Parser::new(&Options::default(), rules, "crawler").parse(&input).survey.is_none());
    }

    #[test]
    fn a_few_references_never_stand_for_more_than_the_links_of_a_page_may_be() {
        let base = "x".repeat(1000);
        let page = format!("<base href='https://e.com/{base}/'>{}", "<a href=a></a>".repeat(10_000));
        let found = surveyed(&page, "text/html");
        assert!(found.links.len() < 4400 && found.links.len() > 4000, "{}", found.links.len());
        assert_eq!(found.links.len() as u64 + found.links_left_out, 10_001);
    }
}
