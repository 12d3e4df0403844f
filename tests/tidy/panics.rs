//! Where production code panics on purpose. Read from the syntax and not from the text, so that tests, comments and
//! strings do not count and macros do.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta};

const METHODS: [&str; 2] = ["unwrap", "expect"];
const MACROS: [&str; 3] = ["panic", "todo", "unimplemented"];

/// Every panic on purpose outside of tests, with its line.
pub fn panics(file: &syn::File) -> Vec<String> {
    let mut search = Search { found: Vec::new() };
    if !is_only_for_tests(&file.attrs) {
        search.visit_file(file);
    }
    search.found
}

/// The modules that a file declares for tests alone in files of their own: their paths, without `.rs`.
pub fn test_modules(path: &str, file: &syn::File) -> Vec<String> {
    let folder = match path.rsplit_once('/') {
        Some((folder, "lib.rs" | "main.rs")) => folder,
        _ => path.trim_end_matches(".rs"),
    };
    let modules = file.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && is_only_for_tests(&module.attrs) => Some(module),
        _ => None,
    });
    modules.map(|module| format!("{folder}/{}", module.ident)).collect()
}

/// Whether a file is one of these modules or lies within one.
pub fn is_in_any(path: &str, modules: &[String]) -> bool {
    modules.iter().any(|module| {
        path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    })
}

struct Search {
    found: Vec<String>,
}

impl Search {
    fn report(&mut self, name: &proc_macro2::Ident) {
        self.found.push(format!("{}: {name}", name.span().start().line));
    }

    /// Inside a macro there are only tokens.
    fn search_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.search_tokens(group.stream()),
                TokenTree::Ident(name) => {
                    let called = is_punct(tokens.get(at.wrapping_sub(1)), '.')
                        && matches!(tokens.get(at + 1), Some(TokenTree::Group(_)));
                    let invoked = is_punct(tokens.get(at + 1), '!');
                    if (called && is_any(name, &METHODS)) || (invoked && is_any(name, &MACROS)) {
                        self.report(name);
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Fn(function) => &function.attrs,
            Item::Impl(implementation) => &implementation.attrs,
            Item::Macro(invocation) => &invocation.attrs,
            Item::Mod(module) => &module.attrs,
            Item::Static(variable) => &variable.attrs,
            Item::Const(constant) => &constant.attrs,
            _ => &[],
        };
        if !is_only_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        if !is_only_for_tests(&method.attrs) {
            visit::visit_impl_item_fn(self, method);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if is_any(&call.method, &METHODS) {
            self.report(&call.method);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        if let Some(name) = invocation.path.segments.last()
            && is_any(&name.ident, &MACROS)
        {
            self.report(&name.ident);
        }
        self.search_tokens(invocation.tokens.clone());
    }
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

fn is_any(name: &proc_macro2::Ident, names: &[&str]) -> bool {
    names.iter().any(|other| name == other)
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, ..))]`, or the feature by which `tests/` has the suite of
/// stores.
fn is_only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.segments.last().is_some_and(|last| last.ident == "test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test"
                || condition.starts_with("all(test,")
                || condition == "any(test,feature=\"suite\")"
        }
        Meta::List(list) => list.path.segments.last().is_some_and(|last| last.ident == "test"),
        Meta::NameValue(_) => false,
    })
}

#[test]
fn a_panic_is_found_wherever_it_hides() {
    let hidden = [
        "fn f() { g().unwrap(); }",
        "fn f() { g().expect(\"why\").h(); }",
        "fn f() { let h = || panic!(\"no\"); }",
        "fn f() { std::panic!(\"no\"); }",
        "impl T { async fn f() { todo!() } }",
        "trait T { fn f() { unimplemented!() } }",
        "fn f() { tokio::select! { x = g() => x.unwrap(), } }",
        "fn f() { format!(\"{}\", h(g().expect(\"why\"))) }",
        "mod m { static S: u8 = g().unwrap(); }",
        "#[cfg(not(test))] fn f() { g().unwrap(); }",
        "macro_rules! m { () => { panic!() } }",
    ];
    for text in hidden {
        assert_eq!(panics(&syn::parse_file(text).unwrap()).len(), 1, "{text}");
    }
}

#[test]
fn a_panic_in_a_test_or_in_words_is_none() {
    let fine = [
        "#[test] fn f() { g().unwrap(); }",
        "#[tokio::test(start_paused = true)] async fn f() { g().unwrap(); }",
        "#[cfg(test)] mod tests { fn f() { panic!() } }",
        "#![cfg(test)] fn f() { panic!() }",
        "impl T { #[cfg(test)] fn f() { panic!() } }",
        "/// Never panic!(), never `x.unwrap()`.\nfn f() { g(\"x.unwrap()\"); }",
        "fn f() { g().unwrap_or_default(); h().expect_err; std::panic::catch_unwind(i); }",
    ];
    for text in fine {
        assert_eq!(panics(&syn::parse_file(text).unwrap()), [""; 0], "{text}");
    }
}

#[test]
fn modules_for_tests_alone_are_known_by_their_paths() {
    let file = syn::parse_file(
        "mod memory; #[cfg(any(test, feature = \"suite\"))] mod suite; #[cfg(test)] mod tests {}",
    )
    .unwrap();
    let modules = test_modules("host/src/backend.rs", &file);
    assert_eq!(modules, ["host/src/backend/suite"]);
    assert_eq!(test_modules("host/src/lib.rs", &file), ["host/src/suite"]);
    let is_test = |path| is_in_any(path, &modules);
    assert!(is_test("host/src/backend/suite.rs") && is_test("host/src/backend/suite/races.rs"));
    assert!(!is_test("host/src/backend/memory.rs") && !is_test("host/src/backend/suites.rs"));
}
