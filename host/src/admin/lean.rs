//! Leaves out of the page's files what only their readers in the source tree need: comments, indentation, and spaces and line breaks
//! that separate nothing. It changes no name and no text.

/// A script without needless spaces. Texts, templates and regular expressions stay as they are.
pub(super) fn script(source: &str) -> String {
    let lines = lines(source);
    let mut script = Script { left: lines.chars().collect(), at: 0, out: String::with_capacity(lines.len()) };
    script.code(0);
    script.out
}

/// A style sheet in as few lines as possible. Spaces within a selector or a value have a meaning, so they stay.
pub(super) fn style(source: &str) -> String {
    let lines = lines(source);
    let mut out = String::with_capacity(lines.len());
    for letter in lines.chars() {
        if !(matches!(letter, ' ' | '\n') && out.ends_with(['{', '}', ';', ','])) {
            out.push(letter);
        }
    }
    out
}

/// A document without the line breaks between its elements. None of them separates words.
pub(super) fn document(source: &str) -> String {
    lines(source).replace(">\n<", "><")
}

/// A file without indentation, empty lines, and lines that are comments. No text of the page goes over the end of a line.
fn lines(source: &str) -> String {
    let lines = source.lines().map(str::trim_start);
    let is_kept = |line: &&str| !(line.is_empty() || line.starts_with("//") || line.starts_with("/* "));
    lines.filter(is_kept).flat_map(|line| [line, "\n"]).collect()
}

/// A script that is read once from its beginning to its end.
struct Script {
    left: Vec<char>,
    at: usize,
    out: String,
}

impl Script {
    fn peek(&self) -> Option<char> {
        self.left.get(self.at).copied()
    }

    /// Copies a character, and returns it.
    fn copy(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        self.out.push(letter);
        Some(letter)
    }

    /// Copies code, up to the brace that ends the value of a template if the code is within `depth` templates.
    fn code(&mut self, depth: usize) {
        let mut braces = 0_usize;
        while let Some(letter) = self.peek() {
            match letter {
                ' ' => {
                    self.at += 1;
                    if self.separates() {
                        self.out.push(' ');
                    }
                    continue;
                }
                // After anything else, a line break can end a statement.
                '\n' if self.out.ends_with(['{', '(', '[', ',']) => {
                    self.at += 1;
                    continue;
                }
                '/' if self.out.ends_with(BEFORE_EXPRESSIONS) => {
                    self.expression();
                    continue;
                }
                '{' => braces += 1,
                '}' if braces == 0 && depth > 0 => return,
                '}' => braces = braces.saturating_sub(1),
                _ => {}
            }
            self.copy();
            match letter {
                '\'' | '"' => self.text(letter),
                '`' => self.template(depth),
                _ => {}
            }
        }
    }

    /// Copies a text up to the quote that ends it.
    fn text(&mut self, quote: char) {
        while let Some(letter) = self.copy() {
            match letter {
                '\\' => {
                    self.copy();
                }
                _ if letter == quote => return,
                _ => {}
            }
        }
    }

    fn template(&mut self, depth: usize) {
        while let Some(letter) = self.copy() {
            match letter {
                '\\' => {
                    self.copy();
                }
                '`' => return,
                '$' if self.peek() == Some('{') => {
                    self.copy();
                    self.code(depth + 1);
                }
                _ => {}
            }
        }
    }

    /// Copies a regular expression. A slash within a class does not end it.
    fn expression(&mut self) {
        self.copy();
        let mut is_class = false;
        while let Some(letter) = self.copy() {
            match letter {
                '\\' => {
                    self.copy();
                }
                '[' => is_class = true,
                ']' => is_class = false,
                '/' if !is_class => return,
                _ => {}
            }
        }
    }

    /// Whether two words, or two signs that would become another one, stand on both sides of a space.
    fn separates(&self) -> bool {
        let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '#');
        let (Some(before), Some(after)) = (self.out.chars().next_back(), self.peek()) else { return false };
        (is_word(before) && is_word(after)) || (before == after && matches!(before, '+' | '-'))
    }
}

/// A slash after one of these begins a regular expression. After anything else it divides.
const BEFORE_EXPRESSIONS: [char; 13] = ['(', ',', '=', '>', ':', '[', '!', '&', '|', '?', '{', ';', '\n'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_loses_the_spaces_that_separate_nothing() {
        for (source, lean) in [
            ("const a = (b, c) => b + c\n", "const a=(b,c)=>b+c\n"),
            ("  // A comment.\n\n  return 'a  b'\n", "return'a  b'\n"),
            ("a + +b - -c\n", "a+ +b- -c\n"),
            ("`a ${ b + `c ${ {d: 1} } ` } e`\n", "`a ${b+`c ${{d:1}} `} e`\n"),
            ("x.replace(/[ /] +\\/ /g, ' ') / 2\n", "x.replace(/[ /] +\\/ /g,' ')/2\n"),
            ("'it\\' s' + \"a \\\" b\"\n", "'it\\' s'+\"a \\\" b\"\n"),
            ("if (a) { b() } else { c() }\n", "if(a){b()}else{c()}\n"),
            ("a(b,\n  c)\nd = [\n1]\n", "a(b,c)\nd=[1]\n"),
            ("class A { #b = 1; get #c() { return this } }\n", "class A{#b=1;get #c(){return this}}\n"),
        ] {
            assert_eq!(script(source), lean);
        }
    }

    #[test]
    fn a_style_sheet_loses_its_line_breaks_and_keeps_its_values() {
        let source = "/* A comment. */\n.a, .b{width:calc(1px + 2px);\n  color:red}\n.a .b{margin:0 1px}\n";
        assert_eq!(style(source), ".a,.b{width:calc(1px + 2px);color:red}.a .b{margin:0 1px}");
    }
}
