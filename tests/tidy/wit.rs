//! The documentation of the interfaces in WIT. The style of this project puts one declaration on a line.

/// Every interface, world, type, function and case without a `///` before it, with its line. The fields of a record need no
/// documentation.
pub fn undocumented(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut documented = false;
    let mut in_cases = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let is_case = in_cases && !line.is_empty() && !line.starts_with(['/', '}', '@']);
        if (is_declaration(line) || is_case) && !documented {
            found.push(format!("{}: {line}", index + 1));
        }
        if opens_cases(line) {
            in_cases = true;
        } else if line.starts_with('}') {
            in_cases = false;
        }
        documented = line.starts_with("///") || (documented && line.starts_with('@'));
    }
    found
}

/// The version in every name of a WASI package.
pub fn wasi_versions(text: &str) -> Vec<String> {
    let names = text.split(|character: char| character.is_whitespace() || ";,{}`".contains(character));
    let versions = names.filter(|name| name.starts_with("wasi:")).filter_map(|name| name.split_once('@'));
    versions.map(|(_, version)| version.split('.').take(3).collect::<Vec<_>>().join(".")).collect()
}

fn is_declaration(line: &str) -> bool {
    const KEYWORDS: [&str; 8] =
        ["interface ", "world ", "record ", "variant ", "enum ", "flags ", "resource ", "type "];
    let is_function = !line.starts_with('/') && (line.contains(": func(") || line.contains(": async func("));
    is_function || KEYWORDS.iter().any(|keyword| line.starts_with(keyword))
}

fn opens_cases(line: &str) -> bool {
    ["variant ", "enum ", "flags "].iter().any(|keyword| line.starts_with(keyword)) && !line.contains('}')
}

#[test]
fn what_is_not_documented_is_found() {
    let text = "\
interface things {
  /// Why not.
  variant error {
    /// Later.
    throttled(option<u32>),

    unavailable,
  }

  /// A thing.
  record thing {
    name: string,
  }

  @since(version = 0.1.0)
  get: func(key: string) -> thing;

  /// Puts a thing away.
  @since(version = 0.1.0)
  put: func(thing: thing);
}
";
    assert_eq!(
        undocumented(text),
        ["1: interface things {", "7: unavailable,", "16: get: func(key: string) -> thing;"]
    );
}

#[test]
fn every_version_of_wasi_is_found() {
    let text = "package wasi:io@0.2.12;\nimport wasi:clocks/wall-clock@0.2.1;\nuse wasi:io/poll@0.2.12.{pollable};\n";
    assert_eq!(wasi_versions(text), ["0.2.12", "0.2.1", "0.2.12"]);
}
