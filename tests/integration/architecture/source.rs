//! A source file as its tokens, without its unit tests.

/// What a file holds, as far as the rules read it.
#[derive(Debug)]
pub(super) struct Source {
    /// The tokens outside unit tests.
    pub(super) tokens: Vec<Token>,
    /// The number of lines outside unit tests.
    pub(super) lines: usize,
    /// The modules of unit tests that have a file of their own: `#[cfg(test)] mod NAME;`.
    pub(super) test_files: Vec<String>,
}

impl Source {
    pub(super) fn read(text: &str) -> Self {
        let (all, of_lines): (Vec<_>, Vec<_>) = tokens(text).into_iter().unzip();
        let mut source = Self { tokens: Vec::new(), lines: text.lines().count(), test_files: Vec::new() };
        let mut at = 0;
        while let Some(token) = all.get(at) {
            match test_module(&all, at) {
                Some(TestModule::Inline { end }) => {
                    source.lines -= of_lines[end - 1] - of_lines[at] + 1;
                    at = end;
                }
                Some(TestModule::File { name, end }) => {
                    source.test_files.push(name.to_owned());
                    at = end;
                }
                None => {
                    source.tokens.push(token.clone());
                    at += 1;
                }
            }
        }
        source
    }
}

/// A module of unit tests; `end` is just behind it.
enum TestModule<'a> {
    Inline { end: usize },
    File { name: &'a str, end: usize },
}

/// The module at `at`, if it begins with `#[cfg(test)]`; other attributes and a visibility may follow.
fn test_module(tokens: &[Token], at: usize) -> Option<TestModule<'_>> {
    let is = |at: usize, wanted: char| tokens.get(at) == Some(&Token::Other(wanted));
    let name = |at: usize| tokens.get(at).and_then(Token::name);
    let opens = is(at, '#') && is(at + 1, '[') && name(at + 2) == Some("cfg") && is(at + 3, '(');
    if !(opens && name(at + 4) == Some("test") && is(at + 5, ')') && is(at + 6, ']')) {
        return None;
    }
    let mut at = at + 7;
    while is(at, '#') {
        at = behind_group(tokens, at + 1);
    }
    if name(at) == Some("pub") {
        at = if is(at + 1, '(') { behind_group(tokens, at + 1) } else { at + 1 };
    }
    let module = name(at + 1).filter(|_| name(at) == Some("mod"))?;
    match tokens.get(at + 2)? {
        Token::Other('{') => Some(TestModule::Inline { end: behind_group(tokens, at + 2) }),
        Token::Other(';') => Some(TestModule::File { name: module, end: at + 3 }),
        _ => None,
    }
}

/// Just behind the bracket that closes the one at `from`.
pub(super) fn behind_group(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Other('(' | '[' | '{') => depth += 1,
            Token::Other(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The types that are defined, each with all names in its definition. A `type` in braces is an associated one.
pub(super) fn types(tokens: &[Token]) -> Vec<(&str, Vec<&str>)> {
    let mut found = Vec::new();
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        let defines = match token {
            Token::Other('{') => {
                depth += 1;
                false
            }
            Token::Other('}') => {
                depth -= 1;
                false
            }
            Token::Name(name) => matches!(name.as_str(), "struct" | "enum" | "union") || name == "type" && depth == 0,
            _ => false,
        };
        let Some(Token::Name(name)) = tokens.get(at + 1).filter(|_| defines) else { continue };
        let from = at + 2;
        let opening = |token: &Token| matches!(token, Token::Other('{' | '(' | ';'));
        let Some(body) = tokens[from..].iter().position(opening).map(|offset| from + offset) else { continue };
        let parts = tokens[from..behind_group(tokens, body)].iter().filter_map(Token::name);
        found.push((name.as_str(), parts.collect()));
    }
    found
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `::`
    Colons,
    Name(String),
    Other(char),
}

impl Token {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Colons | Self::Other(_) => None,
        }
    }
}

/// Names and punctuation, each with its line, without comments, strings, characters, lifetimes and numbers.
fn tokens(text: &str) -> Vec<(Token, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line, mut counted) = (0, 1, 0);
    while at < chars.len() {
        line += chars[counted..at].iter().filter(|c| **c == '\n').count();
        counted = at;
        let next = chars.get(at + 1).copied();
        match chars[at] {
            '/' if next == Some('/') => at = after(&chars, at, "\n"),
            '/' if next == Some('*') => at = after_block_comment(&chars, at),
            '"' => at = after_string(&chars, at),
            '\'' => at = after_quote(&chars, at),
            ':' if next == Some(':') => {
                tokens.push((Token::Colons, line));
                at += 2;
            }
            first if first.is_alphanumeric() || first == '_' => {
                let start = at;
                while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                    at += 1;
                }
                let name: String = chars[start..at].iter().collect();
                match raw_string_hashes(&name, &chars[at..]) {
                    Some(hashes) => {
                        let close = format!("\"{}", "#".repeat(hashes));
                        at = after(&chars, at + hashes + 1, &close);
                    }
                    // `r#type` is the name `type`.
                    None if name == "r" && chars.get(at) == Some(&'#') => at += 1,
                    None if first.is_numeric() => {}
                    None => tokens.push((Token::Name(name), line)),
                }
            }
            other => {
                if !other.is_whitespace() {
                    tokens.push((Token::Other(other), line));
                }
                at += 1;
            }
        }
    }
    tokens
}

/// The number of `#` when `prefix` and what follows open a raw string.
fn raw_string_hashes(prefix: &str, rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    let opens = matches!(prefix, "r" | "br" | "cr") && rest.get(hashes) == Some(&'"');
    opens.then_some(hashes)
}

/// Just behind the next `end` at or after `from`.
fn after(chars: &[char], from: usize, end: &str) -> usize {
    let end: Vec<char> = end.chars().collect();
    let rest = chars.get(from..).unwrap_or_default();
    let found = rest.windows(end.len()).position(|window| window == end);
    found.map_or(chars.len(), |position| from + position + end.len())
}

fn after_block_comment(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn after_string(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Behind a character literal, or behind the quote of a lifetime.
fn after_quote(chars: &[char], from: usize) -> usize {
    match (chars.get(from + 1), chars.get(from + 2)) {
        (Some('\\'), _) => after(chars, from + 3, "'"),
        (_, Some('\'')) => from + 3,
        _ => from + 1,
    }
}

/// Every path in the tokens, with the groups of `use` trees written out. A name on its own is a path only in `use`
/// and `extern crate`, where alone it can be a crate.
pub(super) fn paths(tokens: &[Token]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts_import = match &tokens[at] {
            Token::Name(name) if name == "use" => true,
            Token::Name(name) if name == "crate" => at > 0 && tokens[at - 1] == Token::Name("extern".to_owned()),
            _ => false,
        };
        if starts_import {
            at = tree(tokens, at + 1, &[], &mut found);
        } else if matches!(tokens[at], Token::Name(_)) && tokens.get(at + 1) == Some(&Token::Colons) {
            at = tree(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one path or `use` tree from `at`, adds what it names to `found`, and returns the place behind it.
fn tree(tokens: &[Token], at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = at;
    loop {
        match tokens.get(at) {
            Some(Token::Colons) => at += 1,
            Some(Token::Name(name)) => {
                path.push(name.clone());
                at += 1;
                if tokens.get(at) != Some(&Token::Colons) {
                    break;
                }
            }
            Some(Token::Other('*')) => {
                path.push("*".to_owned());
                at += 1;
                break;
            }
            Some(Token::Other('{')) => return group(tokens, at + 1, &path, found),
            _ => break,
        }
    }
    if !path.is_empty() {
        found.push(path);
    }
    at
}

fn group(tokens: &[Token], from: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Other('}') => return at + 1,
            Token::Other(',') => at += 1,
            // A member, with ` as name` behind it or without.
            Token::Name(name) if name == "as" => at += 2,
            _ => at = tree(tokens, at, prefix, found).max(at + 1),
        }
    }
    at
}
