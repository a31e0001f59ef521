//! Packages: what says how the binary is built elsewhere keeps up with Cargo.toml. That a wheel has its metadata is checked by
//! `.ci/run`; to build it is a release build.

use std::fs;
use std::path::Path;

use toml::Table;

#[test]
fn the_wheel_is_the_binary_of_this_package() {
    let (cargo, wheel) = (table("Cargo.toml"), table("pyproject.toml"));
    let (package, project) = (&cargo["package"], &wheel["project"]);
    for key in ["name", "description", "readme", "license", "keywords"] {
        assert_eq!(package[key], project[key], "{key}");
    }
    assert_eq!(project["dynamic"].as_array().unwrap(), &["version".into()], "it is that of Cargo.toml");
    for file in project["license-files"].as_array().unwrap() {
        assert!(root().join(file.as_str().unwrap()).is_file(), "{file}");
    }
    assert_eq!(wheel["tool"]["maturin"]["bindings"].as_str(), Some("bin"));
    assert_eq!(wheel["build-system"]["build-backend"].as_str(), Some("maturin"));
}

#[test]
fn the_image_is_built_with_the_rust_that_is_needed_and_runs_the_binary() {
    let (cargo, image) = (table("Cargo.toml"), read("Dockerfile"));
    let rust = cargo["package"]["rust-version"].as_str().unwrap();
    assert!(image.contains(&format!("FROM rust:{rust}-")), "{image}");
    let binary = cargo["bin"][0]["name"].as_str().unwrap();
    assert!(
        image.contains(&format!("target/release/{binary} "))
            && image.ends_with(&format!("ENTRYPOINT [\"{binary}\"]\n"))
    );
    // Who runs it may write where a crawl is kept: a folder that only WORKDIR makes can be root's.
    for line in ["install --directory --owner crawler --group crawler /data\n", "\nUSER crawler\n", "\nWORKDIR /data\n"]
    {
        assert!(image.contains(line), "{line}: {image}");
    }
    assert!(read(".dockerignore").lines().any(|line| line == "target"));
    assert!(read("README.md").contains(&format!("Rust {rust}")), "README.md names the version");
}

fn table(name: &str) -> Table {
    read(name).parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
