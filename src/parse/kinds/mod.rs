//! What a page names that is no page: what the table of mentions says of its attributes, and what stands in its style
//! sheets, its JSON-LD and its scripts. Only where settings ask for such kinds: else none of this is looked at.

pub(super) mod css;
mod json;
mod script;
pub(super) mod srcset;
mod uses;

pub(super) use uses::{Uses, Wanted};

use std::borrow::Cow;

use super::DataAttribute;
use super::facts::{Facts, trimmed};
use super::reference::{Reference, Start};
use super::seen;
use crate::media_type::MediaType;
use crate::mention::{ANY, ANY_SVG, Form, Kind, Kinds, LinkType, Mention, Named, Row};
use css::CssPart;
use json::ManifestPart;

/// The kinds that are asked for beside pages.
#[derive(Debug, Clone)]
pub(super) struct OtherKinds {
    kinds: Kinds,
    /// The `data-` attributes that hold references, in lower case.
    data: Vec<String>,
    /// All attributes that are asked for, in lower case.
    attributes: Vec<String>,
    /// Whether pages are surveyed.
    surveys: bool,
}

/// What an element is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Html,
    Svg,
}

impl OtherKinds {
    /// `None` when none but pages are asked for.
    pub(super) fn new(kinds: Kinds, data: &[DataAttribute]) -> Option<Self> {
        if kinds == Kinds::PAGES || kinds == Kinds::default() {
            return None;
        }
        Some(Self::of(kinds, data))
    }

    /// Those of a survey as well, and what else is seen for it.
    pub(super) fn surveying(kinds: Kinds, data: &[DataAttribute]) -> Self {
        let mut asked = Self::of(kinds.and(SURVEYED.into_iter().collect()), data);
        asked.attributes.extend(seen::ATTRIBUTES.map(str::to_owned));
        asked.attributes.sort_unstable();
        asked.attributes.dedup();
        Self { surveys: true, ..asked }
    }

    /// Whether pages are surveyed.
    pub(super) fn survey(&self) -> bool {
        self.surveys
    }

    fn of(kinds: Kinds, data: &[DataAttribute]) -> Self {
        let data: Vec<String> = if kinds.has(Kind::Data) {
            data.iter().map(|attribute| attribute.name().to_owned()).collect()
        } else {
            Vec::new()
        };
        let rows = Named::all().flat_map(|(_, row)| [Some(row.attribute), row.only.map(|(attribute, _)| attribute)]);
        let mut attributes: Vec<String> = rows.flatten().chain(BESIDE_ROWS).map(str::to_owned).collect();
        attributes.extend(data.iter().cloned());
        attributes.sort_unstable();
        attributes.dedup();
        Self { kinds, data, attributes, surveys: false }
    }

    /// Which attributes are asked for, in lower case, each once.
    pub(super) fn attributes(&self) -> &[String] {
        &self.attributes
    }

    /// Takes what the attributes of an element name, whose name may have any case.
    pub(super) fn read<'a>(
        &self,
        facts: &mut Facts<'a>,
        space: Space,
        element: &str,
        attribute: impl Fn(&str) -> Option<Cow<'a, str>>,
    ) {
        let is = |name: &str| space == Space::Html && element.eq_ignore_ascii_case(name);
        for (named, row) in Named::all().filter(|(_, row)| self.kinds.has(row.kind) && row.is_of(space, element)) {
            let Some(value) = attribute(row.attribute) else { continue };
            if row.counts(&attribute) {
                self.read_value(facts, row.form, value, Mention::Named(named));
            }
        }
        for value in self.data.iter().filter_map(|name| attribute(name)) {
            self.take(facts, value, Mention::DataAttribute);
        }
        if is("link") {
            self.read_link(facts, attribute);
        } else if is("meta") {
            self.read_meta(facts, attribute);
        }
    }

    /// Takes a `<link>`, or the header of that name, that names no page.
    pub(super) fn read_link<'a>(&self, facts: &mut Facts<'a>, attribute: impl Fn(&str) -> Option<Cow<'a, str>>) {
        let rel = attribute("rel").unwrap_or_default();
        let mut types = rel.split(|c: char| c.is_ascii_whitespace() || c == ',');
        if self.surveys && types.clone().any(|name| name.eq_ignore_ascii_case("alternate")) {
            read_alternate(facts, &attribute);
        }
        if types.clone().any(|name| name.eq_ignore_ascii_case("alternate"))
            && attribute("type").is_some_and(|kind| is_feed(&kind))
        {
            if let Some(href) = attribute("href") {
                self.take(facts, href, Mention::Feed);
            }
            return;
        }
        let Some(link_type) = types.find_map(LinkType::of_part) else { return };
        if let Some(href) = attribute("href") {
            self.take(facts, href, Mention::Link(link_type));
        }
        if let Some(images) = attribute("imagesrcset") {
            self.read_value(facts, Form::Srcset, images, Mention::Link(link_type));
        }
    }

    /// Takes what the text of a `<style>`, or a style sheet, names.
    pub(super) fn read_css(&self, facts: &mut Facts<'_>, css: &str) {
        if !self.kinds.has_parts() {
            return;
        }
        css::read(css, |part, url, _| {
            let mention = match part {
                CssPart::Import => Mention::CssImport,
                CssPart::Url => Mention::Css,
            };
            self.take(facts, Cow::Owned(url.to_owned()), mention);
        });
    }

    /// Takes what the text of a `<script>` of this type names.
    pub(super) fn read_script(&self, facts: &mut Facts<'_>, kind: Option<&str>, text: &str) {
        if self.surveys {
            let tag = facts.tag_at();
            facts.seen.read_script(kind, text, tag);
        }
        if kind.is_some_and(|kind| trimmed(kind).eq_ignore_ascii_case("application/ld+json")) {
            if self.kinds.has(Kind::Data) {
                for url in json::ld_urls(text) {
                    self.take(facts, Cow::Owned(url), Mention::JsonLd);
                }
            }
        } else if self.kinds.has(Kind::Script) && Facts::runs(kind) {
            script::urls(text).for_each(|url| self.take(facts, Cow::Owned(url.to_owned()), Mention::ScriptString));
        }
    }

    /// Takes what a body names that is no page. Whether it is of a type that is read.
    pub(super) fn read_body(&self, facts: &mut Facts<'_>, media_type: &MediaType, body: &[u8], text: &str) -> bool {
        match media_type.essence() {
            "text/css" if self.kinds.has_parts() => self.read_css(facts, text),
            essence @ ("application/manifest+json" | "application/json") if self.kinds.has(Kind::Embed) => {
                let before = facts.references.len();
                json::read_manifest(body, |part, url| {
                    let mention = match part {
                        ManifestPart::Image => Mention::ManifestIcon,
                        ManifestPart::Page => Mention::ManifestPage,
                    };
                    self.take(facts, Cow::Owned(url.to_owned()), mention);
                });
                // Other JSON is none.
                return essence != "application/json" || facts.references.len() > before;
            }
            essence if self.kinds.has(Kind::Script) && Facts::runs(Some(essence)) => {
                self.read_script(facts, Some(essence), text);
            }
            _ => return false,
        }
        true
    }

    fn read_meta<'a>(&self, facts: &mut Facts<'a>, attribute: impl Fn(&str) -> Option<Cow<'a, str>>) {
        let Some(content) = attribute("content") else { return };
        let pragma = attribute("http-equiv").unwrap_or_default();
        if trimmed(&pragma).eq_ignore_ascii_case("content-security-policy") {
            let reports = |directive: &&str| {
                let name = directive.trim_start().split_ascii_whitespace().next();
                name.is_some_and(|name| name.eq_ignore_ascii_case("report-uri"))
            };
            let urls: Vec<_> =
                content.split(';').filter(reports).flat_map(|of| of.split_ascii_whitespace().skip(1)).collect();
            for url in urls {
                self.take(facts, Cow::Owned(url.to_owned()), Mention::Policy);
            }
            return;
        }
        let name = attribute("property").or_else(|| attribute("name")).unwrap_or_default();
        if META_PARTS.iter().any(|known| trimmed(&name).eq_ignore_ascii_case(known)) {
            self.take(facts, content, Mention::Meta);
        }
    }

    fn read_value<'a>(&self, facts: &mut Facts<'a>, form: Form, value: Cow<'a, str>, mention: Mention) {
        let take = |url: &str| self.take(facts, Cow::Owned(url.to_owned()), mention);
        match form {
            Form::One => self.take(facts, value, mention),
            Form::Many => value.split_ascii_whitespace().for_each(take),
            Form::Commas => value.split(',').for_each(take),
            Form::Srcset => srcset::urls(&value).for_each(take),
            Form::Css => css::read(&value, |_, url, _| {
                // A `style` imports nothing.
                self.take(facts, Cow::Owned(url.to_owned()), Mention::Css);
            }),
        }
    }

    /// Takes one reference. What is empty, leads only to a place in the page itself, or has in itself what it names, names
    /// nothing else.
    fn take<'a>(&self, facts: &mut Facts<'a>, text: Cow<'a, str>, mention: Mention) {
        let written = trimmed(&text);
        let holds_itself = || written.get(..DATA.len()).is_some_and(|start| start.eq_ignore_ascii_case(DATA));
        if !self.kinds.has(mention.kind()) || written.is_empty() || written.starts_with('#') || holds_itself() {
            return;
        }
        let text = if written.len() == text.len() { text } else { Cow::Owned(written.to_owned()) };
        facts.references.push(Reference { text, nofollow: false, start: Start::Base, mention, tag: facts.tag_at() });
    }
}

/// Takes the page in another language that a `<link>`, or the header of that name, leads to.
fn read_alternate<'a>(facts: &mut Facts<'a>, attribute: &impl Fn(&str) -> Option<Cow<'a, str>>) {
    if let (Some(hreflang), Some(text)) = (attribute("hreflang"), attribute("href")) {
        let (start, mention, tag) = (Start::Base, Mention::Anchor, facts.tag_at());
        facts.seen.read_alternate(&hreflang, Reference { text, nofollow: false, start, mention, tag });
    }
}

impl Row {
    /// Whether the other attributes of its element let it count.
    pub(super) fn counts<'a>(&self, attribute: impl Fn(&str) -> Option<Cow<'a, str>>) -> bool {
        self.only.is_none_or(|(other, values)| {
            let value = attribute(other).unwrap_or_default();
            values.iter().any(|known| trimmed(&value).eq_ignore_ascii_case(known))
        })
    }

    /// Whether it is about an element, whose name may have any case.
    pub(super) fn is_of(&self, space: Space, element: &str) -> bool {
        match (self.element, space) {
            // Whatever the element is, it has a `style`.
            (ANY, Space::Svg) => self.form == Form::Css,
            (ANY_SVG, space) => space == Space::Svg && !element.eq_ignore_ascii_case("a"),
            (ANY, Space::Html) => true,
            (own, Space::Html) => element.eq_ignore_ascii_case(own),
            (_, Space::Svg) => false,
        }
    }
}

/// Whether a body of this type is a part of a page that is shown, heard or run: nobody expects links in it.
pub(crate) fn is_shown(media_type: Option<&MediaType>) -> bool {
    let essence = media_type.map(MediaType::essence).unwrap_or_default();
    let is_of = |range: &str| range.strip_suffix('*').map_or(essence == range, |group| essence.starts_with(group));
    [PART_TYPES, STYLE_TYPES, SCRIPT_TYPES].into_iter().flatten().any(|range| is_of(range))
}

/// Whether a type is that of a feed that is read.
fn is_feed(kind: &str) -> bool {
    let known = ["application/rss+xml", "application/atom+xml", "application/rdf+xml"];
    MediaType::parse(kind).is_some_and(|kind| known.contains(&kind.essence()))
}

/// The media types of what pages are shown with, beside style sheets and scripts.
pub(crate) const PART_TYPES: &[&str] = &[
    "image/*",
    "audio/*",
    "video/*",
    "font/*",
    "application/font-woff",
    "application/font-woff2",
    "application/manifest+json",
    "application/ogg",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-font-ttf",
    "application/x-font-woff",
    "text/vtt",
];
/// The media type of style sheets.
pub(crate) const STYLE_TYPES: &[&str] = &["text/css"];
/// The media types of scripts that are in use.
pub(crate) const SCRIPT_TYPES: &[&str] = &[
    "application/ecmascript",
    "application/javascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
];
/// The kinds of links that a survey has in any case.
const SURVEYED: [Kind; 5] = [Kind::Page, Kind::Embed, Kind::Style, Kind::Feed, Kind::Cite];
const DATA: &str = "data:";
/// What is asked of elements beside the rows of the table.
const BESIDE_ROWS: [&str; 8] = ["as", "content", "href", "http-equiv", "imagesrcset", "property", "rel", "xlink:href"];
/// The names of `<meta>` whose content is a part of the page: Open Graph, cards, tiles of a start screen.
const META_PARTS: &[&str] = &[
    "og:image",
    "og:image:url",
    "og:image:secure_url",
    "og:video",
    "og:video:url",
    "og:video:secure_url",
    "og:audio",
    "og:audio:url",
    "og:audio:secure_url",
    "twitter:image",
    "twitter:image:src",
    "thumbnail",
    "msapplication-config",
    "msapplication-tileimage",
    "msapplication-square70x70logo",
    "msapplication-square150x150logo",
    "msapplication-wide310x150logo",
    "msapplication-square310x310logo",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::comparison::{all_kinds, others_alike};
    use crate::parse::robots::Robots;
    use crate::parse::scan::{Bounds, scan, scan_xhtml};

    fn references(facts: &Facts<'_>) -> Vec<(String, String)> {
        let others = facts.references.iter().filter(|reference| reference.mention.kind() != Kind::Page);
        others.map(|reference| (reference.mention.to_string(), reference.text.to_string())).collect()
    }

    fn of_html(page: &str) -> Vec<(String, String)> {
        let kinds = all_kinds();
        let bounds = Bounds { nesting: 64, attributes: 64, forms: false, kinds: Some(&kinds) };
        references(&scan(page, bounds, &Robots::new("crawler")))
    }

    fn of_xhtml(page: &str) -> Vec<(String, String)> {
        let kinds = all_kinds();
        let bounds = Bounds { nesting: 64, attributes: 64, forms: false, kinds: Some(&kinds) };
        references(&scan_xhtml(page, bounds, &Robots::new("crawler")))
    }

    #[track_caller]
    fn check(page: &str, expected: &[(&str, &str)]) {
        let found = of_html(page);
        let found: Vec<_> = found.iter().map(|(by, url)| (by.as_str(), url.as_str())).collect();
        assert_eq!(found, expected, "{page}");
    }

    /// An element that a row of the table is about, with an attribute that names `/x`.
    fn element_of(row: &Row) -> (String, String) {
        let value = match row.form {
            Form::One => "/x",
            Form::Many => " /x ",
            Form::Commas => ", /x",
            Form::Srcset => "/x 2x",
            Form::Css => "background:url(/x)",
        };
        let only = row.only.map(|(name, values)| format!("{name}='{}'", values[0])).unwrap_or_default();
        let attributes = format!("{only} {}='{value}'", row.attribute);
        match row.element {
            ANY => ("p".to_owned(), attributes),
            ANY_SVG => ("image".to_owned(), attributes),
            element => (element.to_owned(), attributes),
        }
    }

    #[test]
    fn each_row_of_the_table_is_followed_in_html_and_xhtml() {
        for (named, row) in Named::all() {
            let (name, attributes) = element_of(row);
            let tag = format!("<{name} {attributes}/>");
            let frames = row.element == "frame";
            let (html, xhtml) = match row.element {
                "html" | "head" => (
                    tag.replace("/>", ">"),
                    format!("{} xmlns='http://www.w3.org/1999/xhtml'/>", tag.trim_end_matches("/>")),
                ),
                ANY_SVG => {
                    (format!("<svg>{tag}</svg>"), format!("<svg xmlns='http://www.w3.org/2000/svg'>{tag}</svg>"))
                }
                _ if frames => (format!("<frameset>{tag}</frameset>"), tag.clone()),
                _ => (tag.replace("/>", ">"), tag.clone()),
            };
            let mention = if row.form == Form::Css { Mention::Css } else { Mention::Named(named) };
            let expected = vec![(mention.to_string(), "/x".to_owned())];
            assert_eq!(of_html(&html), expected, "{html}");
            assert_eq!(of_xhtml(&xhtml), expected, "{xhtml}");
            if !frames {
                others_alike(&html).unwrap();
            }
            assert_eq!(of_html(&html.to_ascii_uppercase()).len(), 1, "{html}");
            assert!(of_html(&format!("<template>{tag}</template>")).is_empty(), "{tag}");
        }
    }

    #[test]
    fn a_row_that_asks_for_another_attribute_needs_it() {
        check("<param name=x value=/no><param NAME=' Movie ' value=/m.swf>", &[("<param value>", "/m.swf")]);
        check("<param valuetype=ref value=/r><input type=text src=/no>", &[("<param value>", "/r")]);
    }

    #[test]
    fn links_are_of_the_kind_that_their_types_say() {
        check("<link rel='shortcut ICON' href=/i>", &[("<link rel=icon>", "/i")]);
        check("<link rel='alternate stylesheet' href=/s>", &[("<link rel=stylesheet>", "/s")]);
        check(
            "<link rel=preload as=image href=/p imagesrcset='/a 1x, /b 2x'>",
            &[("<link rel=preload>", "/p"), ("<link rel=preload>", "/a"), ("<link rel=preload>", "/b")],
        );
        check(
            "<link rel=alternate type='application/atom+xml; x=y' href=/f>",
            &[("<link rel=alternate> of a feed", "/f")],
        );
        check("<link rel=alternate type=application/json href=/no><link rel='preconnect dns-prefetch' href=/no>", &[]);
        check("<link rel=next href=/no><link rel=icon><link href=/no>", &[]);
    }

    #[test]
    fn metas_scripts_and_styles_name_what_they_do() {
        check(
            "<meta property='og:image' content=' /og.png '><meta name=author content=/no>",
            &[("<meta content>", "/og.png")],
        );
        check(
            "<meta http-equiv=Content-Security-Policy content='default-src https:;Report-URI /r /s'>",
            &[("report-uri of a policy", "/r"), ("report-uri of a policy", "/s")],
        );
        check(
            "<style>@import '/a.css';p{background:url(/b.png)}</style>",
            &[("@import in CSS", "/a.css"), ("url() in CSS", "/b.png")],
        );
        check("<script>'/a'</script><script type=text/plain>'/no'</script>", &[("string in a script", "/a")]);
        check(
            "<script type='application/ld+json'>{\"@id\":\"https://e.com/\"}</script>",
            &[("JSON-LD", "https://e.com/")],
        );
        // Without an end tag they go to the end of the page.
        check("<style>p{background:url(/b.png)} <img src=/no>", &[("url() in CSS", "/b.png")]);
        check("<script><!-- <script>'/a'</script> <img src=/no>", &[("string in a script", "/a")]);
        check("<img DATA-src=/lazy data-other=/no>", &[("attribute data-*", "/lazy")]);
        let xhtml = "<html xmlns='http://www.w3.org/1999/xhtml'><style><![CDATA[p{background:url('/a&amp;b')}]]></style><script>'/s'</script></html>";
        let found = of_xhtml(xhtml);
        assert_eq!(found.iter().map(|(by, _)| by.as_str()).collect::<Vec<_>>(), ["url() in CSS", "string in a script"]);
    }

    #[test]
    fn what_names_nothing_else_is_left_out() {
        check(
            "<img src=''><img src='#a'><img src='data:image/png;base64,AA'><img src=' '><svg><use href='#x'/></svg>",
            &[],
        );
        check(
            "<textarea><img src=/no></textarea><!--<img src=/no>--><math><mi src=/no style='a:url(/no)'></math>",
            &[],
        );
    }

    #[test]
    fn only_the_kinds_that_are_asked_for_are_taken() {
        let page = "<img src=/i longdesc=/c><a ping=/p><link rel=stylesheet href=/s><style>p{a:url(/u)}</style><script>'/j'</script>";
        for (kind, expected) in [
            (Kind::Embed, &["/i", "/u"][..]),
            (Kind::Style, &["/s"]),
            (Kind::Cite, &["/c"]),
            (Kind::Ping, &["/p"]),
            (Kind::Script, &["/j"]),
            (Kind::Data, &[]),
        ] {
            let kinds = OtherKinds::new([kind].into_iter().collect(), &[]).unwrap();
            let bounds = Bounds { nesting: 64, attributes: 64, forms: false, kinds: Some(&kinds) };
            let found = references(&scan(page, bounds, &Robots::new("crawler")));
            assert_eq!(found.iter().map(|(_, url)| url.as_str()).collect::<Vec<_>>(), expected, "{kind:?}");
        }
        assert!(OtherKinds::new(Kinds::PAGES, &[]).is_none() && OtherKinds::new(Kinds::default(), &[]).is_none());
    }

    #[test]
    fn bodies_are_read_by_their_types() {
        let of_body = |media_type: &str, body: &str| {
            let mut facts = Facts::default();
            let media_type = MediaType::parse(media_type).unwrap();
            let is_read = all_kinds().read_body(&mut facts, &media_type, body.as_bytes(), body);
            (is_read, references(&facts).into_iter().map(|(_, url)| url).collect::<Vec<_>>())
        };
        let found = |urls: &[&str]| (true, urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>());
        assert_eq!(of_body("text/css", "@import 'a';p{b:url(c)}"), found(&["a", "c"]));
        assert_eq!(of_body("text/javascript", "'/a'"), found(&["/a"]));
        assert_eq!(of_body("application/manifest+json", "{\"icons\":[{\"src\":\"a\"}]}"), found(&["a"]));
        assert_eq!(of_body("application/json", "{\"icons\":[{\"src\":\"a\"}]}"), found(&["a"]));
        assert_eq!(of_body("application/manifest+json", "{}"), found(&[]));
        for other in ["application/json", "image/png", "text/plain"] {
            assert_eq!(of_body(other, "{\"a\":\"/b\"}"), (false, Vec::new()), "{other}");
        }
    }
}
