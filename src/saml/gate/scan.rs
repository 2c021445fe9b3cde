//! One pass over the text before any tree exists: no document type, bounded depth, attributes and namespaces.
//!
//! Without it a small message could make the parsers that follow copy namespace lists or walk far. What is
//! well formed beyond that is the parser's to say.

use super::super::error::Error;

const DEPTH: usize = 64;
const ATTRIBUTES: usize = 64;
/// Namespace declarations from the root down to an element; canonicalization looks at each for each element.
const NAMESPACES: usize = 32;

/// Scans a document.
pub(crate) fn scan(text: &str) -> Result<(), Error> {
    let mut open: Vec<usize> = Vec::new();
    let mut rest = declaration(text)?;
    while let Some((_, tag)) = rest.split_once('<') {
        rest = if let Some(comment) = tag.strip_prefix("!--") {
            after(comment, "-->")?
        } else if let Some(section) = tag.strip_prefix("![CDATA[") {
            after(section, "]]>")?
        } else if tag.starts_with('!') {
            return Err(Error::Doctype);
        } else if let Some(instruction) = tag.strip_prefix('?') {
            after(instruction, "?>")?
        } else if let Some(end) = tag.strip_prefix('/') {
            open.pop().ok_or_else(|| malformed("an end tag too many"))?;
            after(end, ">")?
        } else {
            let start = start_tag(tag)?;
            let namespaces = open.last().copied().unwrap_or(0) + start.namespaces;
            limit("the namespaces in scope", namespaces, NAMESPACES)?;
            limit("the depth of elements", open.len() + 1, DEPTH)?;
            if !start.empty {
                open.push(namespaces);
            }
            start.rest
        };
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(malformed("an element without its end"))
    }
}

/// Skips the XML declaration, which must speak of XML 1.0.
fn declaration(text: &str) -> Result<&str, Error> {
    let Some(declaration) = text.strip_prefix("<?xml") else {
        return Ok(text);
    };
    if !declaration.starts_with([' ', '\t', '\r', '\n']) {
        return Ok(text);
    }
    let (declaration, rest) = declaration
        .split_once("?>")
        .ok_or_else(|| malformed("a declaration without its end"))?;
    if declaration.contains("\"1.0\"") || declaration.contains("'1.0'") {
        Ok(rest)
    } else {
        Err(malformed("a version other than XML 1.0"))
    }
}

struct StartTag<'t> {
    namespaces: usize,
    empty: bool,
    rest: &'t str,
}

/// Reads a start tag to its end. Each attribute has one `=` outside of quotes.
fn start_tag(tag: &str) -> Result<StartTag<'_>, Error> {
    let mut attributes = 0;
    let mut namespaces = 0;
    let mut rest = tag;
    loop {
        let at = rest
            .find(['=', '>', '<', '"', '\''])
            .ok_or_else(|| malformed("a tag without its end"))?;
        let (before, found) = rest.split_at_checked(at).unwrap_or((rest, ""));
        if let Some(rest) = found.strip_prefix('>') {
            limit("an element's attributes", attributes, ATTRIBUTES)?;
            return Ok(StartTag {
                namespaces,
                empty: before.ends_with('/'),
                rest,
            });
        }
        let value = found
            .strip_prefix('=')
            .map(|value| value.trim_start_matches([' ', '\t', '\r', '\n']))
            .ok_or_else(|| malformed("a stray character in a tag"))?;
        attributes += 1;
        let name = before
            .split([' ', '\t', '\r', '\n'])
            .rfind(|name| !name.is_empty());
        namespaces += usize::from(name.is_some_and(|name| name.starts_with("xmlns")));
        rest = if let Some(value) = value.strip_prefix('"') {
            after(value, "\"")?
        } else if let Some(value) = value.strip_prefix('\'') {
            after(value, "'")?
        } else {
            return Err(malformed("an attribute without quotes"));
        };
    }
}

fn after<'t>(text: &'t str, end: &str) -> Result<&'t str, Error> {
    text.split_once(end)
        .map(|(_, rest)| rest)
        .ok_or_else(|| malformed("something without its end"))
}

fn limit(what: &'static str, arrived: usize, limit: usize) -> Result<(), Error> {
    if arrived > limit {
        Err(Error::TooLarge {
            what,
            limit,
            arrived,
        })
    } else {
        Ok(())
    }
}

fn malformed(why: &str) -> Error {
    Error::MalformedXml {
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(times: usize, text: impl Fn(usize) -> String) -> String {
        (0..times).map(text).collect::<Vec<_>>().concat()
    }

    #[test]
    fn what_no_tree_should_be_built_of_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
        let wide = format!("<a{}/>", repeated(65, |i| format!(" a{i}='>'")));
        let scope = format!(
            "<a{}><b{}/></a>",
            repeated(20, |i| format!(" xmlns:a{i}='u:r'")),
            repeated(13, |i| format!(" xmlns:b{i}='u:r'")),
        );
        for (text, reason) in [
            ("<!DOCTYPE a><a/>", "doctype"),
            (
                "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                "doctype",
            ),
            ("<a><!ELEMENT b></a>", "doctype"),
            (deep.as_str(), "too_large"),
            (wide.as_str(), "too_large"),
            (scope.as_str(), "too_large"),
            ("<?xml version='1.1'?><a/>", "malformed_xml"),
            ("<a>", "malformed_xml"),
            ("<a></a></a>", "malformed_xml"),
            ("<a b=c/>", "malformed_xml"),
            ("<a b='c/>", "malformed_xml"),
            ("<a <b/>", "malformed_xml"),
            ("<a><!-- </a>", "malformed_xml"),
            ("<a><![CDATA[ </a>", "malformed_xml"),
        ] {
            assert_eq!(scan(text).unwrap_err().reason(), reason, "{text}");
        }
        let good = "<?xml version=\"1.0\"?><a b='<>\"' c = \"/>'\"><!-- <b> --><![CDATA[<!DOCTYPE]]><d/></a>";
        assert_eq!(scan(good), Ok(()));
    }
}
