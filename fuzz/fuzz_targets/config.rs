//! Whatever a crawl.toml holds, it is read or refused with a message, and what was read is written so that it is read alike:
//! `cargo +nightly fuzz run config`.

#![no_main]

use crawler::internals::Layers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = |text: &str| {
        let mut layers = Layers::default();
        layers.text("crawl.toml", text)?;
        let toml = layers.to_toml();
        layers.finish().map(|loaded| (loaded.config, toml))
    };
    match read(text) {
        Ok((config, toml)) => {
            let (again, _) = read(&toml).expect("what was written of settings is settings");
            assert_eq!(again, config);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
