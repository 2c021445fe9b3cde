//! The grammar of RFC 7644 §3.4.2.2, figure 1: `not` binds before `and`, `and` before `or`.
//!
//! The lenient reading also takes `active eq "true"` and a bare word as the last of a filter, as the
//! standard itself and Entra's tutorial print it; elsewhere a bare word could change what the rest means.

use serde_json::Value;

use super::lexer::{Symbol, Token, tokens};
use super::operators::{check_operator, comparable_part};
use super::{Comparand, Filter, Operator};
use crate::limits;
use crate::scim::catalog::ResourceType;
use crate::scim::path::{AttributePath, Selection};
use crate::scim::schema::{Returned, Type};
use crate::scim::{Error, Map, Strictness};

/// Reads a filter over resources of one type; attributes that only the `others` have are known.
pub(super) fn filter(
    kind: &'static ResourceType,
    others: &[&'static ResourceType],
    text: &str,
    strictness: Strictness,
) -> Result<Filter, Error> {
    let mut parser = Parser::new(Scope::Resource(kind), text, strictness)?;
    others.clone_into(&mut parser.others);
    parser.whole()
}

/// Reads a filter over the elements of an attribute.
pub(super) fn selection(
    attribute: AttributePath,
    text: &str,
    strictness: Strictness,
) -> Result<Selection, Error> {
    let mut parser = Parser::new(Scope::Element(attribute), text, strictness)?;
    let filter = parser.whole()?;
    let template = is_description(&filter).then(|| parser.equalities.into_iter().collect());
    Ok(Selection { filter, template })
}

/// Whether the filter is nothing but equalities that hold together.
fn is_description(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().all(is_description),
        Filter::Compare {
            operator: Operator::Eq,
            value: Comparand::Text(_),
            ..
        } => true,
        _ => false,
    }
}

/// What the names in a filter belong to.
#[derive(Clone, Copy)]
enum Scope {
    Resource(&'static ResourceType),
    Element(AttributePath),
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    scope: Scope,
    others: Vec<&'static ResourceType>,
    strictness: Strictness,
    depth: usize,
    terms: usize,
    equalities: Map,
}

impl Parser {
    fn new(scope: Scope, text: &str, strictness: Strictness) -> Result<Self, Error> {
        if text.len() > limits::FILTER_BYTES {
            let limit = limits::FILTER_BYTES;
            return Err(Error::invalid_filter(format!(
                "a filter has {limit} octets at most"
            )));
        }
        let tokens = tokens(text)?.into_iter().peekable();
        Ok(Self {
            tokens,
            scope,
            others: Vec::new(),
            strictness,
            depth: 0,
            terms: 0,
            equalities: Map::new(),
        })
    }

    fn whole(&mut self) -> Result<Filter, Error> {
        let filter = self.any()?;
        match self.tokens.next() {
            None => Ok(filter),
            Some(token) => Err(unexpected(&token, "the end, \"and\" or \"or\"")),
        }
    }

    fn any(&mut self) -> Result<Filter, Error> {
        let mut filters = vec![self.all()?];
        while self.take_word("or") {
            filters.push(self.all()?);
        }
        Ok(one_or(filters, Filter::Or))
    }

    fn all(&mut self) -> Result<Filter, Error> {
        let mut filters = vec![self.single()?];
        while self.take_word("and") {
            filters.push(self.single()?);
        }
        Ok(one_or(filters, Filter::And))
    }

    fn single(&mut self) -> Result<Filter, Error> {
        let token = self.expect("an attribute, \"not\" or \"(\"")?;
        match token.symbol {
            Symbol::Open => self.enclosed(&Symbol::Close),
            Symbol::Word(word) if word.eq_ignore_ascii_case("not") => {
                let open = self.expect("\"(\" behind \"not\"")?;
                if open.symbol != Symbol::Open {
                    return Err(unexpected(&open, "\"(\" behind \"not\""));
                }
                Ok(Filter::Not(Box::new(self.enclosed(&Symbol::Close)?)))
            }
            Symbol::Word(word) => self.term(&word, token.at),
            _ => Err(unexpected(&token, "an attribute, \"not\" or \"(\"")),
        }
    }

    /// What stands up to a closing sign; this is the only way into a deeper level.
    fn enclosed(&mut self, close: &Symbol) -> Result<Filter, Error> {
        self.depth += 1;
        check_depth(self.depth)?;
        let filter = self.any()?;
        self.depth -= 1;
        let end = self.expect("a closing sign")?;
        if end.symbol != *close {
            return Err(unexpected(&end, "a closing sign"));
        }
        Ok(filter)
    }

    fn term(&mut self, name: &str, at: usize) -> Result<Filter, Error> {
        self.terms += 1;
        if self.terms > limits::FILTER_TERMS {
            let limit = limits::FILTER_TERMS;
            return Err(Error::invalid_filter(format!(
                "a filter has {limit} terms at most"
            )));
        }
        let path = self.resolve(name, at)?;
        let bracket = self
            .tokens
            .next_if(|token| token.symbol == Symbol::OpenBracket);
        if bracket.is_some() {
            self.value_path(path, at)
        } else {
            self.expression(path)
        }
    }

    fn resolve(&self, name: &str, at: usize) -> Result<AttributePath, Error> {
        let path = match self.scope {
            Scope::Resource(kind) => std::iter::once(kind)
                .chain(self.others.iter().copied())
                .find_map(|kind| AttributePath::resolve(kind, name).ok()),
            Scope::Element(whole) => whole.attribute.sub(name).map(|sub| AttributePath {
                sub: Some(sub),
                ..whole
            }),
        };
        let path = path.ok_or_else(|| {
            Error::invalid_filter(format!("there is no attribute {name:?} (at {at})"))
        })?;
        if path.leaf().returned == Returned::Never || path.attribute.returned == Returned::Never {
            return Err(Error::invalid_filter(format!(
                "{path} cannot be searched for"
            )));
        }
        Ok(path)
    }

    /// `emails[type eq "work"]`, and with a comparison of a sub-attribute behind it, which Entra sends.
    fn value_path(&mut self, whole: AttributePath, at: usize) -> Result<Filter, Error> {
        let nested = matches!(self.scope, Scope::Element(_));
        if nested || whole.sub.is_some() || !whole.attribute.is_complex() {
            let detail = format!("{whole} has no elements to select from (at {at})");
            return Err(Error::invalid_filter(detail));
        }
        let outside = std::mem::replace(&mut self.scope, Scope::Element(whole));
        let mut filter = self.enclosed(&Symbol::CloseBracket)?;
        if let Some(token) = self.tokens.next_if(is_sub_attribute) {
            let Symbol::Word(word) = &token.symbol else {
                return Err(unexpected(&token, "a name"));
            };
            self.terms += 1;
            let path = self.resolve(word.trim_start_matches('.'), token.at)?;
            let comparison = self.expression(path)?;
            if matches!(filter, Filter::Or(_)) {
                check_depth(self.depth + 2 + nesting(&filter))?;
            }
            filter = match filter {
                Filter::And(mut filters) => {
                    filters.push(comparison);
                    Filter::And(filters)
                }
                filter => Filter::And(vec![filter, comparison]),
            };
        }
        self.scope = outside;
        Ok(Filter::Within {
            attribute: whole,
            filter: Box::new(filter),
        })
    }

    fn expression(&mut self, path: AttributePath) -> Result<Filter, Error> {
        let token = self.expect("an operator")?;
        let Symbol::Word(word) = &token.symbol else {
            return Err(unexpected(&token, "an operator"));
        };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = Operator::ALL
            .into_iter()
            .find(|it| word.eq_ignore_ascii_case(it.word()));
        let operator = operator.ok_or_else(|| unexpected(&token, "an operator"))?;
        let token = self.expect("a value")?;
        let null = matches!(&token.symbol, Symbol::Word(word) if word.eq_ignore_ascii_case("null"));
        if null {
            return self.null(path, operator);
        }
        let path = path.or_value();
        check_operator(path, operator)?;
        let value = self.value(path, token)?;
        let text = comparable_part(path, &value)
            .ok_or_else(|| Error::invalid_filter(format!("{path} is not compared with {value}")))?;
        if operator == Operator::Eq {
            self.equalities.insert(path.leaf().name.to_owned(), value);
        }
        Ok(Filter::Compare {
            path,
            operator,
            value: Comparand::Text(text),
        })
    }

    fn null(&self, path: AttributePath, operator: Operator) -> Result<Filter, Error> {
        let simple = !path.leaf().is_complex();
        match operator {
            Operator::Eq | Operator::Ne if simple => Ok(Filter::Compare {
                path,
                operator,
                value: Comparand::Null,
            }),
            Operator::Ne => Ok(Filter::Present(path)),
            Operator::Eq => {
                check_depth(self.depth + 1)?;
                Ok(Filter::Not(Box::new(Filter::Present(path))))
            }
            _ => Err(Error::invalid_filter(format!(
                "{} has no use for null",
                operator.word()
            ))),
        }
    }

    /// A value of the attribute's type, as JSON.
    fn value(&mut self, path: AttributePath, token: Token) -> Result<Value, Error> {
        let lenient = self.strictness.is_lenient();
        let last = self.tokens.peek().is_none();
        let wrong = unexpected(
            &token,
            &format!("a {} for {path}", path.leaf().data_type.word()),
        );
        let is_text = matches!(
            path.leaf().data_type,
            Type::String | Type::Reference | Type::Binary | Type::DateTime
        );
        match (path.leaf().data_type, token.symbol) {
            (Type::Boolean, Symbol::Word(word)) => boolean(&word).ok_or(wrong),
            (Type::Boolean, Symbol::Text(word)) if lenient => boolean(&word).ok_or(wrong),
            (Type::Integer | Type::Decimal, Symbol::Word(word)) => number(&word).ok_or(wrong),
            (_, Symbol::Text(text)) if is_text => Ok(text.into()),
            (_, Symbol::Word(word)) if is_text && lenient && (last || number(&word).is_some()) => {
                Ok(word.into())
            }
            _ => Err(wrong),
        }
    }

    fn take_word(&mut self, expected: &str) -> bool {
        let is = |token: &Token| matches!(&token.symbol, Symbol::Word(word) if word.eq_ignore_ascii_case(expected));
        self.tokens.next_if(is).is_some()
    }

    fn expect(&mut self, what: &str) -> Result<Token, Error> {
        let end = || Error::invalid_filter(format!("the filter ends where {what} is expected"));
        self.tokens.next().ok_or_else(end)
    }
}

fn check_depth(depth: usize) -> Result<(), Error> {
    if depth <= limits::FILTER_DEPTH {
        return Ok(());
    }
    let limit = limits::FILTER_DEPTH;
    Err(Error::invalid_filter(format!(
        "a filter nests {limit} levels deep at most"
    )))
}

fn is_sub_attribute(token: &Token) -> bool {
    matches!(&token.symbol, Symbol::Word(word) if word.starts_with('.'))
}

fn one_or(mut filters: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        Some(last) => {
            filters.push(last);
            many(filters)
        }
        None => many(filters),
    }
}

/// The levels of parentheses that the text of a filter needs.
fn nesting(filter: &Filter) -> usize {
    match filter {
        Filter::And(filters) => filters
            .iter()
            .map(|it| nesting(it) + usize::from(matches!(it, Filter::And(_) | Filter::Or(_))))
            .max()
            .unwrap_or_default(),
        Filter::Or(filters) => filters
            .iter()
            .map(|it| nesting(it) + usize::from(matches!(it, Filter::Or(_))))
            .max()
            .unwrap_or_default(),
        Filter::Not(filter) | Filter::Within { filter, .. } => nesting(filter) + 1,
        Filter::Compare { .. } | Filter::Present(_) => 0,
    }
}

fn boolean(word: &str) -> Option<Value> {
    match word {
        _ if word.eq_ignore_ascii_case("true") => Some(true.into()),
        _ if word.eq_ignore_ascii_case("false") => Some(false.into()),
        _ => None,
    }
}

fn number(word: &str) -> Option<Value> {
    serde_json::from_str::<serde_json::Number>(word)
        .ok()
        .map(Value::Number)
}

fn unexpected(token: &Token, expected: &str) -> Error {
    let (at, found) = (token.at, &token.symbol);
    let found = match found {
        Symbol::Open => "(",
        Symbol::Close => ")",
        Symbol::OpenBracket => "[",
        Symbol::CloseBracket => "]",
        Symbol::Text(_) => "a string",
        Symbol::Word(word) => word,
    };
    let found: String = found.chars().take(40).collect();
    Error::invalid_filter(format!("{expected} is expected at {at}, not {found:?}"))
}
