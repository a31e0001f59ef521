//! Endings of file names: they are all that tells a browser what a file is.

/// The name of a file without its ending, and the ending that it is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended<'n> {
    pub(super) stem: &'n str,
    /// Empty when there is none.
    pub(super) ending: &'n str,
    /// Whether the name has it already.
    pub(super) is_own: bool,
}

/// The ending of a file of this name and this media type; `None` when its type is not known.
pub(super) fn ended<'n>(name: &'n str, essence: Option<&str>) -> Ended<'n> {
    let (stem, own) =
        name.rsplit_once('.').filter(|(stem, own)| !stem.is_empty() && is_ending(own)).unwrap_or((name, ""));
    let is_among = |endings: &[&str]| endings.iter().any(|known| own.eq_ignore_ascii_case(known));
    let keeps = Ended { stem, ending: own, is_own: true };
    let gets = |ending: &'static str| Ended { stem: name, ending, is_own: false };
    // Text of any kind is shown, whatever it is called, and so are things of a type that says nothing.
    match endings_of(essence.unwrap_or_default()) {
        Endings::These([first, ..]) if own.is_empty() => gets(first),
        Endings::These(endings) if is_among(endings) => keeps,
        Endings::These([first, ..]) => gets(first),
        Endings::Any(ending) if is_among(DOCUMENTS) || own.is_empty() && !ending.is_empty() => {
            gets(if ending.is_empty() { "bin" } else { ending })
        }
        Endings::Any(_) | Endings::These([]) => keeps,
    }
}

/// The endings that files of one type may have.
enum Endings {
    /// One of these; the first is for those that have none of them.
    These(&'static [&'static str]),
    /// Any but those of documents: that is for those, and for files without an ending.
    Any(&'static str),
}

fn endings_of(essence: &str) -> Endings {
    if let Some((_, endings)) = TYPES.iter().find(|(known, _)| *known == essence) {
        return Endings::These(endings);
    }
    match essence {
        "text/plain" => Endings::Any("txt"),
        other if other.ends_with("+xml") => Endings::These(XML),
        _ => Endings::Any(""),
    }
}

/// Whether what stands behind the last dot is an ending, and not the rest of a sentence.
fn is_ending(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// How long an ending may be.
const LONGEST: usize = 11;
/// What a browser opens as a page, with its scripts.
const DOCUMENTS: &[&str] =
    &["html", "htm", "xhtml", "xht", "xhtm", "shtml", "mhtml", "mht", "svg", "svgz", "xml", "xsl", "xslt", "rdf"];
const XML: &[&str] = &["xml", "rss", "atom", "rdf", "xsl", "xslt", "xsd", "opml", "kml", "gpx"];
const SCRIPT: &[&str] = &["js", "mjs", "cjs"];
/// The endings of media types that browsers know.
const TYPES: &[(&str, &[&str])] = &[
    ("text/html", &["html", "htm"]),
    ("application/xhtml+xml", &["xhtml", "xht"]),
    ("text/xml", XML),
    ("application/xml", XML),
    ("text/css", &["css"]),
    ("text/javascript", SCRIPT),
    ("text/ecmascript", SCRIPT),
    ("application/javascript", SCRIPT),
    ("application/ecmascript", SCRIPT),
    ("application/x-javascript", SCRIPT),
    ("application/json", &["json", "map", "webmanifest", "geojson", "ipynb"]),
    ("application/ld+json", &["jsonld", "json"]),
    ("application/manifest+json", &["webmanifest", "json"]),
    ("application/pdf", &["pdf"]),
    ("application/wasm", &["wasm"]),
    ("image/png", &["png", "apng"]),
    ("image/apng", &["apng", "png"]),
    ("image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("image/gif", &["gif"]),
    ("image/webp", &["webp"]),
    ("image/avif", &["avif"]),
    ("image/bmp", &["bmp"]),
    ("image/svg+xml", &["svg"]),
    ("image/x-icon", &["ico", "cur"]),
    ("image/vnd.microsoft.icon", &["ico", "cur"]),
    ("font/woff", &["woff"]),
    ("font/woff2", &["woff2"]),
    ("font/ttf", &["ttf"]),
    ("font/otf", &["otf"]),
    ("audio/mpeg", &["mp3", "mpga"]),
    ("audio/ogg", &["ogg", "oga", "opus"]),
    ("audio/wav", &["wav"]),
    ("video/mp4", &["mp4", "m4v"]),
    ("video/webm", &["webm"]),
    ("video/ogg", &["ogv", "ogg"]),
    ("text/vtt", &["vtt"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_ending_by_which_a_browser_knows_its_type() {
        let check = |name: &str, essence: &str, expected: &str| {
            let Ended { stem, ending, .. } = ended(name, Some(essence));
            let dot = if ending.is_empty() { "" } else { "." };
            assert_eq!(format!("{stem}{dot}{ending}"), expected, "{name} {essence}");
        };
        check("a", "text/html", "a.html");
        check("a.HTM", "text/html", "a.HTM");
        check("a.php", "text/html", "a.php.html");
        check("v1.2 of it", "text/html", "v1.2 of it.html");
        check("a.xhtml", "text/html", "a.xhtml.html");
        check("a.html", "text/plain", "a.html.txt");
        check("a.svg", "application/octet-stream", "a.svg.bin");
        check("a.exe", "application/octet-stream", "a.exe");
        check("a.py", "text/plain", "a.py");
        check("LICENSE", "text/plain", "LICENSE.txt");
        check("photo", "image/jpeg", "photo.jpg");
        check("photo.jpeg", "image/jpeg", "photo.jpeg");
        check("feed", "application/atom+xml", "feed.xml");
        check("a.html", "", "a.html.bin");
        check("a", "", "a");
        check(".css", "text/css", ".css.css");
    }
}
