//! Forms that are asked with GET and leave nothing to be written: lists to choose from, buttons. What they lead to are
//! pages like those of links (HTML Standard, section 4.10.22.3, "mutate action URL").

use std::borrow::Cow;
use std::fmt::Write as _;

use super::name::Name;
use crate::parse::facts::{Facts, Start};

/// The parts of a form that decide what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Form,
    Input,
    Button,
    Select,
    Option,
    Textarea,
}

impl Control {
    /// The control that a tag of HTML begins.
    pub(super) fn of(name: Name) -> Option<Self> {
        Some(match name {
            Name::FORM => Self::Form,
            Name::INPUT => Self::Input,
            Name::BUTTON => Self::Button,
            Name::SELECT => Self::Select,
            Name::OPTION => Self::Option,
            Name::TEXTAREA => Self::Textarea,
            _ => return None,
        })
    }
}

/// The form that is open, and what the forms of a page have come to.
#[derive(Debug, Default)]
pub(super) struct Forms<'a> {
    open: Option<Form<'a>>,
    /// How many links they have made.
    links: usize,
}

#[derive(Debug)]
struct Form<'a> {
    /// How many elements are open at least, as long as it is.
    depth: usize,
    action: Cow<'a, str>,
    fields: Vec<Field<'a>>,
    /// What its buttons add when they are pressed, if anything.
    buttons: Vec<Option<(Cow<'a, str>, Cow<'a, str>)>>,
    /// It is sent with POST, or something has to be written into it.
    is_closed: bool,
}

#[derive(Debug)]
struct Field<'a> {
    name: Cow<'a, str>,
    /// What there is to choose from; of a hidden field, what it says.
    values: Vec<Cow<'a, str>>,
    /// Which of them is chosen at first.
    chosen: usize,
    is_list: bool,
}

impl<'a> Forms<'a> {
    /// Takes a start tag around which this many elements are open, and of an option its text.
    pub(super) fn start(
        &mut self,
        control: Control,
        depth: usize,
        attribute: impl Fn(&'static str) -> Option<Cow<'a, str>>,
        text: impl FnOnce() -> Cow<'a, str>,
    ) {
        if control == Control::Form {
            // There is no form in another.
            if self.open.is_none() {
                let by_get = attribute("method")
                    .is_none_or(|method| !["post", "dialog"].iter().any(|other| method.eq_ignore_ascii_case(other)));
                let action = attribute("action").unwrap_or_default();
                self.open = Some(Form {
                    depth: depth + 1,
                    action,
                    fields: Vec::new(),
                    buttons: Vec::new(),
                    is_closed: !by_get,
                });
            }
            return;
        }
        let Some(form) = self.open.as_mut().filter(|form| !form.is_closed) else { return };
        let is_disabled = attribute("disabled").is_some();
        let name = attribute("name").filter(|name| !name.is_empty() && !is_disabled);
        match (control, name) {
            (Control::Option | Control::Input | Control::Button, _) if is_disabled => {}
            (Control::Option, _) => form.add_option(&attribute, text),
            (Control::Select, name) => form.add(name.unwrap_or_default(), None),
            (Control::Textarea, Some(_)) => form.is_closed = true,
            (Control::Button, name) => form.add_button(name, "submit", &attribute),
            (Control::Input, name) => form.add_input(name, &attribute),
            (Control::Form | Control::Textarea, _) => {}
        }
    }

    /// Whether a form is open.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Ends the form, unless this many open elements still hold it, and gives what it leads to.
    pub(super) fn end_at(&mut self, depth: usize, facts: &mut Facts<'a>) {
        let Some(form) = self.open.take_if(|form| depth < form.depth) else { return };
        for text in form.targets().into_iter().flatten().take(MAX_LINKS - self.links) {
            self.links += 1;
            let start = if form.action.trim_ascii().is_empty() { Start::Url } else { Start::Base };
            facts.refer_from_form(Cow::Owned(text), start);
        }
    }
}

impl<'a> Form<'a> {
    fn add(&mut self, name: Cow<'a, str>, value: Option<Cow<'a, str>>) {
        self.is_closed |= self.fields.len() >= MAX_FIELDS;
        let is_list = value.is_none();
        self.fields.push(Field { name, values: value.into_iter().collect(), chosen: 0, is_list });
    }

    fn add_input(&mut self, name: Option<Cow<'a, str>>, attribute: &impl Fn(&'static str) -> Option<Cow<'a, str>>) {
        let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
        if matches!(kind.as_str(), "submit" | "image") {
            return self.add_button(name, "text", attribute);
        }
        let Some(name) = name else { return };
        let value = attribute("value");
        match kind.as_str() {
            "hidden" => self.add(name, Some(value.unwrap_or_default())),
            "checkbox" | "radio" if attribute("checked").is_some() => {
                self.add(name, Some(value.unwrap_or("on".into())));
            }
            "checkbox" | "radio" | "button" | "reset" => {}
            _ => self.is_closed = true,
        }
    }

    /// Takes a button that sends the form, unless it sends it elsewhere (HTML Standard, section 4.10.18.6). One without a
    /// type is of this `kind`. An image also says where it was hit: that is left out.
    fn add_button(
        &mut self,
        name: Option<Cow<'a, str>>,
        kind: &'static str,
        attribute: &impl Fn(&'static str) -> Option<Cow<'a, str>>,
    ) {
        let kind = attribute("type").unwrap_or(Cow::Borrowed(kind));
        let goes_elsewhere = || ["formaction", "formmethod"].into_iter().any(|own| attribute(own).is_some());
        if self.buttons.len() >= MAX_FIELDS
            || ["button", "reset"].iter().any(|other| kind.eq_ignore_ascii_case(other))
            || goes_elsewhere()
        {
            return;
        }
        // What one without a value says is up to the browser.
        let pair = name.zip(attribute("value")).filter(|_| !kind.eq_ignore_ascii_case("image"));
        self.buttons.push(pair);
    }

    /// An option without a value, as "please choose", chooses nothing.
    fn add_option(
        &mut self,
        attribute: &impl Fn(&'static str) -> Option<Cow<'a, str>>,
        text: impl FnOnce() -> Cow<'a, str>,
    ) {
        let Some(list) = self.fields.last_mut().filter(|field| field.is_list) else { return };
        let value = attribute("value").unwrap_or_else(text);
        if !value.is_empty() {
            if attribute("selected").is_some() {
                list.chosen = list.values.len();
            }
            list.values.push(value);
        }
    }

    /// What it leads to: as it is, or with each choice of each list while the others stay as they are. `None` when
    /// something has to be written, or the query would be longer than that of a page.
    fn targets(&self) -> Option<Vec<String>> {
        let lists: Vec<_> =
            self.fields.iter().enumerate().filter(|(_, field)| field.is_list && !field.name.is_empty()).collect();
        let fixed: usize =
            self.fields.iter().filter_map(|field| field.values.get(field.chosen)).map(|value| value.len()).sum();
        let added =
            self.buttons.iter().flatten().map(|(name, value)| name.len() + value.len()).max().unwrap_or_default();
        if self.is_closed || fixed + added > LONGEST_QUERY {
            return None;
        }
        let as_it_is = lists.is_empty().then_some((usize::MAX, 0));
        let choices = lists.into_iter().flat_map(|(nth, list)| (0..list.values.len()).map(move |choice| (nth, choice)));
        let choices = as_it_is.into_iter().chain(choices);
        // Without a button it is sent all the same, by a script or a key.
        let buttons: &[Option<_>] = if self.buttons.is_empty() { &[None] } else { &self.buttons };
        let pressed = choices.flat_map(|choice| buttons.iter().map(move |button| (choice, button.as_ref())));
        let targets = pressed.map(|((nth, choice), button)| self.target(nth, choice, button));
        Some(targets.filter(|text| !text.is_empty()).take(MAX_LINKS).collect())
    }

    /// The action with all fields as they are at first, but for one. The query of the action itself is replaced.
    fn target(&self, varied: usize, choice: usize, button: Option<&(Cow<'a, str>, Cow<'a, str>)>) -> String {
        let mut target = self.action.split(['?', '#']).next().unwrap_or_default().trim_ascii().to_owned();
        let mut separator = '?';
        let of_fields = self.fields.iter().enumerate().filter(|(_, field)| !field.name.is_empty());
        let of_fields = of_fields.filter_map(|(nth, field)| {
            let value = field.values.get(if nth == varied { choice } else { field.chosen });
            value.map(|value| (&field.name, value))
        });
        for (name, value) in of_fields.chain(button.map(|(name, value)| (name, value))) {
            target.push(separator);
            write_encoded(name, &mut target);
            target.push('=');
            write_encoded(value, &mut target);
            separator = '&';
        }
        target
    }
}

/// Writes a text as `application/x-www-form-urlencoded` (URL Standard, section 5.2). What is not ASCII stays: it is
/// written in the encoding of the page when that is known.
fn write_encoded(text: &str, to: &mut String) {
    for character in text.chars() {
        match character {
            ' ' => to.push('+'),
            '*' | '-' | '.' | '_' => to.push(character),
            other if other.is_ascii_alphanumeric() || !other.is_ascii() => to.push(other),
            // Cannot fail: a `String` takes all.
            other => drop(write!(to, "%{:02X}", u32::from(other))),
        }
    }
}

/// How many fields a form may have.
const MAX_FIELDS: usize = 64;
/// How many links the forms of one page may make.
const MAX_LINKS: usize = 10_000;
/// How long what all fields say at first may be, in bytes.
const LONGEST_QUERY: usize = 4 << 10;
