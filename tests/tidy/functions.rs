//! The length of functions, from `fn` to the closing brace. Clippy does not measure the functions that a macro such as
//! `#[tokio::test]` rewrites.

use syn::visit::{self, Visit};

/// Every function, method and default method that is longer than the limit, with its line and its length.
pub fn longer_than(limit: usize, file: &syn::File) -> Vec<String> {
    let mut search = Search { limit, found: Vec::new() };
    search.visit_file(file);
    search.found
}

struct Search {
    limit: usize,
    found: Vec<String>,
}

impl Search {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let lines = block.brace_token.span.close().end().line + 1 - first;
        if lines > self.limit {
            self.found.push(format!("{first}: `{}` has {lines} lines", signature.ident));
        }
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        self.measure(&method.sig, &method.block);
        visit::visit_impl_item_fn(self, method);
    }

    fn visit_trait_item_fn(&mut self, method: &'ast syn::TraitItemFn) {
        if let Some(block) = &method.default {
            self.measure(&method.sig, block);
        }
        visit::visit_trait_item_fn(self, method);
    }
}

#[test]
fn a_function_is_found_from_the_line_on_that_is_too_many() {
    let of_lines = |lines: usize| format!("fn long() {{\n{}}}\n", "    call();\n".repeat(lines - 2));
    for shape in ["{}", "impl Thing {{}}", "trait Thing {{}}", "mod inner {{}}", "fn outer() {{}}"] {
        let (before, after) = shape.split_once("{}").unwrap();
        let (before, after) = (before.replace("{", "{\n"), after);
        let found = |lines| {
            let text = format!("{before}{}{after}", of_lines(lines));
            longer_than(10, &syn::parse_file(&text).unwrap())
        };
        let names_it = |found: &Vec<String>| found.iter().any(|function| function.contains("`long` has 11"));
        assert!(!found(10).iter().any(|function| function.contains("`long`")), "{shape}");
        assert!(names_it(&found(11)), "{shape}");
    }
}
