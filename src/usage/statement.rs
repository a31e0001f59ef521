//! A statement: one line, header or element in which a site says what its pages may be used for.

use serde::{Deserialize, Serialize};

/// What somebody may want a page for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// To find it and lead people to it.
    Search,
    /// To train or fine-tune a model on it.
    AiTrain,
    /// To give it to a model that answers somebody.
    AiInput,
    /// To mine text and data from it (EU directive 2019/790, article 4).
    Mining,
    /// To show a copy of it.
    Archive,
}

/// The words in which something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Vocabulary {
    /// `Content-Usage`, of the IETF's aipref group.
    ContentUsage,
    /// `Content-Signal`, of contentsignals.org.
    ContentSignal,
    /// TDMRep, of a W3C community group.
    Tdmrep,
    /// Really Simple Licensing.
    Rsl,
    /// `rel=license` that leads to no RSL file.
    License,
    /// `<meta name=robots>` and `X-Robots-Tag`.
    Robots,
    /// The price headers of HTTP 402.
    PayPerCrawl,
}

/// Where something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Place {
    /// In robots.txt of the origin.
    #[serde(rename = "robots.txt")]
    RobotsTxt,
    /// In `/.well-known/tdmrep.json` of the origin.
    #[serde(rename = "tdmrep.json")]
    TdmFile,
    /// In a header of the response.
    #[serde(rename = "header")]
    Header,
    /// In a `<meta>` of the page.
    #[serde(rename = "meta")]
    Meta,
    /// In a `<link>` of the page.
    #[serde(rename = "link")]
    Link,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Statement {
    /// In which words.
    pub vocabulary: Vocabulary,
    /// Where it stands.
    pub from: Place,
    /// The number of its line in the file, from 1. Absent for what is no line of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What it says, as `name: value`, as an element, or as the rule of a file; at most 1 KiB of it. Untrusted.
    pub text: String,
    /// What it allows. Absent when nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allows: Vec<Use>,
    /// What it disallows. Absent when nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disallows: Vec<Use>,
    /// The URL of a licence or policy that it names. Absent when it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a statement means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// What it allows.
    pub allows: Vec<Use>,
    /// What it disallows.
    pub disallows: Vec<Use>,
}

impl Use {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Search, Self::AiTrain, Self::AiInput, Self::Mining, Self::Archive];

    /// The name in records and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::AiTrain => "ai-train",
            Self::AiInput => "ai-input",
            Self::Mining => "mining",
            Self::Archive => "archive",
        }
    }
}

impl Place {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RobotsTxt => "robots.txt",
            Self::TdmFile => "tdmrep.json",
            Self::Header => "header",
            Self::Meta => "meta",
            Self::Link => "link",
        }
    }
}

impl Statement {
    /// A statement that means nothing yet.
    pub(crate) fn new(vocabulary: Vocabulary, from: Place, line: Option<u32>, mut text: String) -> Self {
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            text.shrink_to_fit();
        }
        Self { vocabulary, from, line, text, allows: Vec::new(), disallows: Vec::new(), url: None }
    }

    /// The same, with what it means.
    pub(crate) fn saying(self, said: Said) -> Self {
        Self { allows: said.allows, disallows: said.disallows, ..self }
    }

    /// The same, with the URL that it names. One that is longer than a statement may be is left out.
    pub(crate) fn naming(self, url: &str) -> Self {
        Self { url: Some(url).filter(|url| !url.is_empty() && url.len() <= LONGEST).map(str::to_owned), ..self }
    }

    /// What it means, for a person: `no ai-train`, `search allowed`; empty when it says neither.
    pub(crate) fn meaning(&self) -> String {
        let no = self.disallows.iter().map(|use_| format!("no {}", use_.name()));
        let yes = self.allows.iter().map(|use_| format!("{} allowed", use_.name()));
        no.chain(yes).collect::<Vec<_>>().join(", ")
    }
}

impl Said {
    /// That these are allowed.
    pub(crate) fn allows(uses: impl IntoIterator<Item = Use>) -> Self {
        Self { allows: uses.into_iter().collect(), disallows: Vec::new() }
    }

    /// That these are not.
    pub(crate) fn disallows(uses: impl IntoIterator<Item = Use>) -> Self {
        Self { allows: Vec::new(), disallows: uses.into_iter().collect() }
    }

    /// Takes one more answer.
    pub(crate) fn answer(&mut self, of: Use, is_allowed: bool) {
        let uses = if is_allowed { &mut self.allows } else { &mut self.disallows };
        if !uses.contains(&of) {
            uses.push(of);
        }
    }
}

/// How much of one statement is kept, in bytes.
const LONGEST: usize = 1 << 10;
