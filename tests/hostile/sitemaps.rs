//! Hostile in sitemaps: circles, bombs, too many entries, entities.

use std::fmt::Write as _;

use crate::bodies::gzip;
use crate::scenario::{Scenario, Seen};
use crate::support::{Arrival, Reply};

pub(crate) fn scenarios() -> Vec<Scenario> {
    let sitemap = |name, sitemap: fn() -> Reply| {
        Scenario::pages_made(name, move || {
            let reply = sitemap();
            Box::new(move |arrival: &Arrival| {
                match (arrival.path.as_str(), arrival.header("host").unwrap_or_default()) {
                    ("/", _) => Reply::links::<&str>("home", []),
                    ("/robots.txt", host) => {
                        Reply::text(format!("User-agent: *\nDisallow: /never/\nSitemap: http://{host}/sitemap0.xml\n"))
                    }
                    (path, host) if path.starts_with("/sitemap") => {
                        let body = replaced(&reply.body, path, host);
                        reply.clone().body(body)
                    }
                    _ => Reply::new(404),
                }
            })
        })
        .flag("--sitemaps")
        .ends("/", "ok")
    };
    vec![
        sitemap("sitemap circle", || {
            xml("<sitemapindex><sitemap><loc>http://HOST/sitemap0.xml</loc></sitemap></sitemapindex>")
        })
        .also(|seen| assert!(asked(seen) <= 1, "{}", asked(seen))),
        sitemap("sitemap indexes that nest without end", || {
            xml("<sitemapindex><sitemap><loc>http://HOSTPATHx</loc></sitemap></sitemapindex>")
        })
        .also(|seen| assert!(asked(seen) <= 5, "{}", asked(seen))),
        sitemap("sitemap as a bomb", || {
            Reply::new(200).header("Content-Type", "application/gzip").body(gzip(&vec![b' '; 64 << 20]))
        }),
        sitemap("sitemap of 60,000 entries", || {
            let mut entries = String::from("<urlset>");
            for n in 0..60_000 {
                write!(entries, "<url><loc>http://HOST/never/{n}</loc></url>").unwrap();
            }
            xml(&entries)
        })
        .skips("robots", 50_000),
        // Three steps of ten: harmless to who expands them.
        sitemap("sitemap with entities", || {
            let ten = |name: &str| format!("&{name};").repeat(10);
            xml(&format!(
                "<!DOCTYPE urlset [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"{}\"><!ENTITY c \"{}\"><!ENTITY f SYSTEM \
                 \"file:///etc/hostname\">]><urlset><url><loc>http://HOST/&c;</loc></url><url><loc>http://HOST/&f;\
                 </loc></url></urlset>",
                ten("a"),
                ten("b"),
            ))
        })
        .most(3),
        sitemap("sitemap nested 100,000 deep", || xml(&"<urlset><url>".repeat(50_000))),
        sitemap("sitemap of other hosts", || {
            xml("<urlset><url><loc>http://169.254.169.254/</loc></url><url><loc>file:///etc/hostname</loc></url></urlset>")
        })
        .most(1),
    ]
}

/// The body, if it is a text, with the host and the path in the places of their names.
fn replaced(body: &[u8], path: &str, host: &str) -> Vec<u8> {
    match std::str::from_utf8(body) {
        Ok(text) => text.replace("HOST", host).replace("PATH", path).into_bytes(),
        Err(_) => body.to_vec(),
    }
}

/// How often a sitemap was asked for.
fn asked(seen: &Seen<'_>) -> usize {
    seen.hostile.arrivals().iter().filter(|arrival| arrival.path.starts_with("/sitemap")).count()
}

fn xml(text: &str) -> Reply {
    Reply::new(200).header("Content-Type", "application/xml").body(text)
}
