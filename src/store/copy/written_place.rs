//! Written place: the settings of a crawl say where its store is, so that a directory alone is enough to go on with it.

use crate::store_place::StorePlace;

/// Kept settings that say that the store is there; without a place, that it is in the crawl directory. Only the lines that say so
/// are others.
pub(super) fn with_place(toml: &str, place: Option<&StorePlace>) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let file = place.map(|place| place.password_file.display().to_string()).unwrap_or_default();
    let said = [
        ("store", text(place.map_or("", |place| place.url.as_str()))),
        ("name", text(place.map_or("", |place| place.name.as_str()))),
        ("store_password_file", text(&file)),
        ("store_insecure", place.is_some_and(|place| place.insecure).to_string()),
    ];
    let mut lines = Vec::new();
    let mut written = [false; 4];
    let mut is_top = true;
    for line in toml.lines() {
        is_top &= !line.starts_with('[');
        let key = line.split('=').next().unwrap_or_default().trim();
        match said.iter().position(|(name, _)| is_top && *name == key) {
            Some(at) => {
                lines.extend(said.get(at).map(|(name, value)| format!("{name} = {value}")));
                if let Some(written) = written.get_mut(at) {
                    *written = true;
                }
            }
            None => lines.push(line.to_owned()),
        }
    }
    // Those of an earlier build say nothing of it.
    let missing =
        said.iter().zip(written).filter(|(_, written)| !written).map(|((name, value), _)| format!("{name} = {value}"));
    let comments = lines.iter().take_while(|line| line.starts_with('#')).count();
    let mut all: Vec<_> = lines.iter().take(comments).cloned().collect();
    all.extend(missing);
    all.extend(lines.into_iter().skip(comments));
    all.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NodeFile;

    #[test]
    fn settings_say_where_the_store_is_and_nothing_else_of_them_changes() {
        let node =
            "id = ''\nstore = 'postgres://u@h/d'\nname = 'a'\nstore_password_file = '/p\"w'\nstore_insecure = true";
        let place = toml::from_str::<NodeFile>(node).unwrap().place();
        let before = "# read by others\nseeds = [\"a\"]\nstore = \"\"\nname = \"\"\n\n[frontier]\nstore = true\n";
        let now = with_place(before, Some(&place));
        assert_eq!(
            now,
            "# read by others\nstore_password_file = '/p\"w'\nstore_insecure = true\nseeds = [\"a\"]\n\
             store = \"postgres://u@h/d\"\nname = \"a\"\n\n[frontier]\nstore = true\n"
        );
        let back = with_place(&now, None);
        let same = "# read by others\nstore_password_file = \"\"\nstore_insecure = false\nseeds = [\"a\"]\nstore = \"\"\nname = \"\"\n\n[frontier]\nstore = true\n";
        assert_eq!(back, same);
    }
}
