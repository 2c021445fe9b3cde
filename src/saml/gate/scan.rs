//! One pass over the text before any tree exists: no document type, bounded depth, attributes and namespaces.
//!
//! Without it a small message could make the parsers that follow copy namespace lists or walk far. What is
//! well formed beyond that is the parser's to say.

use super::super::error::Error;

const DEPTH: usize = 64;
const ATTRIBUTES: usize = 64;
/// Namespace declarations from the root down to an element; canonicalization looks at each for each element.
pub(crate) const NAMESPACES: usize = 32;

/// What stands between `<` and `>`.
pub(crate) enum Tag<'t> {
    /// The end of an element.
    End,
    /// The start of one, by its qualified name and those of its attributes, declarations among them.
    Start {
        name: &'t str,
        attributes: Vec<&'t str>,
        empty: bool,
    },
}

/// Scans a document.
pub(crate) fn scan(text: &str) -> Result<(), Error> {
    walk(text, |_| ())
}

/// Scans a document and shows each tag.
pub(crate) fn walk<'t>(text: &'t str, mut visit: impl FnMut(&Tag<'t>)) -> Result<(), Error> {
    let mut open: Vec<usize> = Vec::new();
    let mut rest = declaration(text)?;
    while let Some((text, tag)) = rest.split_once('<') {
        references(text)?;
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
            visit(&Tag::End);
            after(end, ">")?
        } else {
            let (start, rest) = start_tag(tag)?;
            if let Tag::Start {
                attributes, empty, ..
            } = &start
            {
                let declared = attributes.iter().filter(|name| name.starts_with("xmlns"));
                let namespaces = open.last().copied().unwrap_or(0) + declared.count();
                limit("the namespaces in scope", namespaces, NAMESPACES)?;
                limit("the depth of elements", open.len() + 1, DEPTH)?;
                if !empty {
                    open.push(namespaces);
                }
            }
            visit(&start);
            rest
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

/// Reads a start tag to its end, and gives what comes behind. Each attribute has one `=` outside of quotes.
fn start_tag(tag: &str) -> Result<(Tag<'_>, &str), Error> {
    let mut attributes = Vec::new();
    let mut rest = tag;
    qualified(
        tag.split([' ', '\t', '\r', '\n', '/', '>'])
            .next()
            .unwrap_or_default(),
    )?;
    loop {
        let at = rest
            .find(['=', '>', '<', '"', '\''])
            .ok_or_else(|| malformed("a tag without its end"))?;
        let (before, found) = rest.split_at_checked(at).unwrap_or((rest, ""));
        if let Some(rest) = found.strip_prefix('>') {
            let name = tag.split([' ', '\t', '\r', '\n', '/', '>']).next();
            let start = Tag::Start {
                name: name.unwrap_or_default(),
                attributes,
                empty: before.ends_with('/'),
            };
            return Ok((start, rest));
        }
        let value = found
            .strip_prefix('=')
            .map(|value| value.trim_start_matches([' ', '\t', '\r', '\n']))
            .ok_or_else(|| malformed("a stray character in a tag"))?;
        let name = before
            .split([' ', '\t', '\r', '\n'])
            .rfind(|name| !name.is_empty())
            .unwrap_or_default();
        qualified(name)?;
        attributes.push(name);
        limit("an element's attributes", attributes.len(), ATTRIBUTES)?;
        let Some(quote @ ('"' | '\'')) = value.chars().next() else {
            return Err(malformed("an attribute without quotes"));
        };
        let (value, behind) = value
            .get(1..)
            .and_then(|value| value.split_once(quote))
            .ok_or_else(|| malformed("something without its end"))?;
        references(value)?;
        rest = behind;
    }
}

/// One colon at most in a name, with something on both sides, and nothing bound to `xmlns` (Namespaces in
/// XML 1.0, 3 and 4). Of other names one parser reads another local name than the next.
fn qualified(name: &str) -> Result<(), Error> {
    let (prefix, local) = name.split_once(':').unwrap_or(("x", name));
    if prefix.is_empty() || local.is_empty() || local.contains(':') || name == "xmlns:xmlns" {
        return Err(malformed("a name that is none"));
    }
    Ok(())
}

/// References to numbers are to characters. Of others one parser makes another character, and the next
/// none at all.
fn references(text: &str) -> Result<(), Error> {
    for reference in text.split("&#").skip(1) {
        let number = reference.split(';').next().unwrap_or_default();
        let number = match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        if number.ok().and_then(char::from_u32).is_none() {
            return Err(malformed("a reference to no character"));
        }
    }
    Ok(())
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
            ("<:a/>", "malformed_xml"),
            ("<a:/>", "malformed_xml"),
            ("<a:b:c/>", "malformed_xml"),
            ("<a :b='c'/>", "malformed_xml"),
            ("<a xmlns:xmlns='u:r'/>", "malformed_xml"),
            ("<a>&#xD800;</a>", "malformed_xml"),
            ("<a b='&#x110000;'/>", "malformed_xml"),
            ("<a>&#;</a>", "malformed_xml"),
        ] {
            assert_eq!(scan(text).unwrap_err().reason(), reason, "{text}");
        }
        let good = "<?xml version=\"1.0\"?><a b='<>\"' c = \"/>'\"><!-- <b> --><![CDATA[<!DOCTYPE]]><d/>&#13;&#x10FFFF;<e:f g:h='&#9;'/><!-- &#xD800; --></a>";
        assert_eq!(scan(good), Ok(()));
    }
}
